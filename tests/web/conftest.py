"""A small teahouse behind the pages: two steps, three people, and browsers for each of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.flow.definitions import deploy
from jiedan.flow.instances import Started, start_instance
from jiedan.flow.platform import Flow
from jiedan.people.accounts import add_user
from jiedan.people.organisation import load_organisation, sync_organisation
from jiedan.web import create_web
from tests.templates import copied, filling

CONTENT = Path(__file__).parent / "content"
PASSWORD = "steamed-oolong-77"
PEOPLE = {
    "sunyue": ("孙悦", "Sun Yue", {"OC"}),
    "qianmin": ("钱敏", "Qian Min", {"OR"}),
    "zhuzhi": ("朱志", "Zhu Zhi", {"GM"}),
    "stranger": ("路人", "Passer-by", {"WH"}),
}


class Browser:
    """A test client that sends forms the way a page would: with its token, and with its cookies."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.client.set_cookie("locale", "en")

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Post with the token that a page of ours carries."""
        # The page to sign in is the lighter one, but only strangers are shown it.
        token = csrf_of(self.client.get("/sign-in").text) or csrf_of(self.client.get("/help").text)
        return self.client.post(path, data={"csrf_token": token, **(data or {})}, **options)

    def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        answer = self.post("/sign-in", {"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        return self


def csrf_of(page: str) -> str:
    """The form token in a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found.group(1) if found else ""


@pytest.fixture(scope="session")
def _teahouse_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    """A SQLite file with the teahouse's people and diagrams, made once for each worker."""
    path = tmp_path_factory.mktemp("teahouse") / "teahouse.db"
    with filling(path, start=_empty_file) as platform:
        with platform.work(actor=SYSTEM) as work:
            roles = platform.settings.config_dir / "roles.toml"
            sync_organisation(work, organisation=load_organisation(roles))
            for login, (name, name_en, held) in PEOPLE.items():
                add_user(
                    work,
                    login=login,
                    name=name,
                    name_en=name_en,
                    roles=held,
                    password=PASSWORD,
                    must_change_password=False,
                )
        files = {path.name: path.read_bytes() for path in CONTENT.iterdir()}
        deploy(Flow(platform), actor=SYSTEM, files=files)
    return path


@pytest.fixture
def database(tmp_path: Path, _teahouse_file: Path) -> Iterator[Database]:
    """A teahouse of the test's own."""
    with copied(tmp_path / "teahouse.db", template=_teahouse_file) as database:
        yield database


@pytest.fixture
def flow(platform: Platform) -> Flow:
    """A process platform that knows the teahouse and its people."""
    return Flow(platform)


@pytest.fixture
def app(flow: Flow, platform: Platform) -> Flask:
    return create_web(flow, platform, testing=True)


@pytest.fixture
def demo_app(flow: Flow, platform: Platform) -> Flask:
    """The same house in demo mode."""
    platform.settings = dataclasses.replace(platform.settings, demo=True)
    return create_web(flow, platform, testing=True)


@pytest.fixture
def browser(app: Flask) -> Callable[[str | None], Browser]:
    """`browser("sunyue")` is Sun Yue at a machine of her own; `browser(None)` is nobody."""

    def make(login: str | None = None) -> Browser:
        fresh = Browser(app)
        return fresh.sign_in(login) if login else fresh

    return make


@pytest.fixture
def tea(flow: Flow) -> Started:
    """A tea order that waits to be entered."""
    actor = Actor("sunyue", "孙悦", frozenset({"OC"}))
    return start_instance(flow, actor=actor, process_id="tea_order")
