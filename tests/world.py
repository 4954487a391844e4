"""The whole product as people use it: real content, real company, driven over its HTTP API."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import create_app, create_flow
from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock, shanghai
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.demo.company import demo_people, found_company
from jiedan.desk.tables import Customer
from jiedan.flow import definitions, jobs
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.tables import TaskRow
from jiedan.people.tokens import make_token
from jiedan.web.house import EXTENSION
from tests.templates import MONDAY_MORNING, filling, kept_models, quick_settings


class Refused(AssertionError):
    """A call that should have worked was refused."""


@dataclass
class Someone:
    """A person at the API, with the token of that person."""

    world: World
    login: str
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Any call, answered as it is."""
        return self.world.client.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )

    def get(self, path: str) -> Any:
        return _good(self.call("GET", path))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return _good(self.call("POST", path, body if body is not None else {}, **headers))

    def start(self, process: str = "order_main", **variables: Any) -> dict[str, Any]:
        """Start an instance."""
        return dict(self.post(f"/processes/{process}/instances", {"variables": variables}))

    def tasks(self, element: str = "", query: str = "") -> list[dict[str, Any]]:
        """My open tasks."""
        return list(self.get(f"/tasks?size=100&element={element}&q={query}")["items"])

    def task(self, element: str, instance: str | None = None) -> dict[str, Any]:
        """My one open task at this element, opened; fails when there is none or more than one."""
        mine = [
            one for one in self.tasks(element) if instance is None or one["instance_id"] == instance
        ]
        assert len(mine) == 1, (
            f"{self.login} has {len(mine)} tasks at {element}; open are: "
            f"{self.world.open_tasks(instance)}"
        )
        return dict(self.get(f"/tasks/{mine[0]['id']}"))

    def try_do(
        self,
        element: str,
        outcome: str | None = None,
        values: Mapping[str, Any] | None = None,
        *,
        instance: str | None = None,
        files: tuple[str, ...] = (),
    ) -> TestResponse:
        """Hand in my task at this element with the form's own values and `values` over them.

        `files` names the fields that get a small PDF.
        """
        opened = self.task(element, instance)
        values = {**(values or {}), **{name: [self.attach(opened["id"])] for name in files}}
        return self.call(
            "POST",
            f"/tasks/{opened['id']}/completion",
            {
                "version": opened["version"],
                "outcome": outcome,
                "variables": {**filled(opened), **(values or {})},
            },
        )

    def do(
        self,
        element: str,
        outcome: str | None = None,
        values: Mapping[str, Any] | None = None,
        *,
        instance: str | None = None,
        files: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """The same, which must work."""
        found = self.try_do(element, outcome, values, instance=instance, files=files)
        return dict(_good(found))

    def attach(self, task_id: str) -> str:
        """Put a small PDF beside a task; its id."""
        response = self.world.client.post(
            f"/api/v1/tasks/{task_id}/attachments",
            data={"file": (BytesIO(PDF), "proof.pdf")},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return str(_good(response)["id"])

    def open(self, element: str, instance: str | None = None) -> dict[str, Any]:
        """What the form of my task at this element says when it is opened."""
        return dict(self.task(element, instance)["data"])


PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def filled(opened: Mapping[str, Any]) -> dict[str, Any]:
    """What the form already says, without what it only shows."""
    return {name: value for name, value in opened["data"].items() if value is not None}


def _good(response: TestResponse) -> Any:
    if response.status_code >= 400:
        raise Refused(f"{response.status_code} {response.get_data(as_text=True)[:2000]}")
    return response.get_json()


@dataclass
class World:
    """One installation with the demo company, its clock standing still."""

    app: Flask
    clock: MovableClock
    tokens: Mapping[str, str]
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=False)

    @property
    def flow(self) -> Flow:
        return self.app.extensions[EXTENSION].flow

    def person(self, login: str) -> Someone:
        return Someone(self, login, self.tokens[login])

    def __getattr__(self, login: str) -> Someone:
        if login.startswith("_") or login not in self.tokens:
            raise AttributeError(login)
        return self.person(login)

    def wait(self, **delta: float) -> None:
        """Let time pass and do what becomes due on the way, in order."""
        self.wait_until(self.clock.now() + timedelta(**delta))

    def wait_until(self, moment: datetime) -> None:
        """The same up to `moment`: each job and timer runs at its own time."""
        for _ in range(10_000):
            due = jobs.next_due(self.flow).due_at
            if due is None or due > moment:
                break
            self.clock.set(max(due, self.clock.now()))
            self.run_due()
        self.clock.set(max(moment, self.clock.now()))
        self.run_due()

    def run_due(self) -> int:
        """Do everything that is due now."""
        return run_due(self.flow)

    def open_tasks(self, instance: str | None = None) -> list[str]:
        """Elements with an open task, for messages of failing tests."""
        with self.flow.platform.read() as session:
            rows = session.execute(
                select(TaskRow.element_id, TaskRow.candidates, TaskRow.instance_id).where(
                    TaskRow.state.in_(["open", "claimed"])
                )
            )
            return [
                f"{row.element_id} ({row.candidates})"
                for row in rows
                if instance is None or str(row.instance_id) == instance
            ]

    def customer(self, number: str) -> str:
        """The id of a customer, for forms."""
        with self.flow.platform.read() as session:
            found = session.scalar(select(Customer.id).where(Customer.number == number))
            assert found is not None
            return str(found)

    def order(self, instance: str) -> dict[str, Any]:
        """The order of an instance as an auditor reads it."""
        number = self.hezheng.get(f"/instances/{instance}")["business_key"]
        return dict(self.hezheng.get(f"/orders/{number}"))

    @property
    def today(self) -> str:
        return shanghai(self.clock.now()).date().isoformat()


@pytest.fixture(scope="session")
def _world_template(_empty_file: Path) -> tuple[Path, dict[str, str]]:
    """A database with the company and the content deployed, made once for each worker."""
    return _found_world(_empty_file)


@cache
def _found_world(empty: Path) -> tuple[Path, dict[str, str]]:
    # The fixture is imported by several folders, and each of them would build a world.
    path = empty.parent / "world.db"
    with filling(path, start=empty, demo=True) as platform:
        found_company(platform)
        definitions.deploy_folders(create_flow(platform), actor=SYSTEM)
        with platform.work(actor=SYSTEM) as work:
            tokens = {
                one.login: make_token(work, login=one.login).token
                for one in demo_people(platform.settings.config_dir)
            }
    return path, tokens


@pytest.fixture
def world(tmp_path: Path, _world_template: tuple[Path, dict[str, str]]) -> Iterator[World]:
    """The demo company on Monday 2 March 2026, 09:00, with its processes deployed."""
    with open_world(tmp_path, _world_template) as opened:
        yield opened


@contextmanager
def open_world(folder: Path, copied: tuple[Path, dict[str, str]]) -> Iterator[World]:
    """The same in a folder of its own, for as long as a test or a whole module needs it."""
    template, tokens = copied
    path = folder / "world.db"
    shutil.copy(template, path)
    clock = MovableClock(MONDAY_MORNING)
    platform = build_platform(
        quick_settings(folder, demo=True),
        clock=clock,
        database=Database(f"sqlite:///{path}", durable=False),
    )
    opened = World(create_app(platform=platform), clock, tokens)
    opened.flow.caches = kept_models(template)()
    try:
        yield opened
    finally:
        platform.close()
