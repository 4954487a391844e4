"""An installation of one's own begins with three commands, without any demo."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from jiedan.core.settings import SOURCE_ROOT
from tests.installation import end, free_port, plain_environment, start_server

CONTENT = Path(__file__).parent / "content" / "hands"
PASSWORD = "a quiet long sentence 7"
Jiedan = Callable[..., str]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An empty data folder beside the product's own content."""
    return {"JIEDAN_DATA": str(tmp_path / "data")}


@pytest.fixture
def jiedan(environment: dict[str, str]) -> Jiedan:
    """Runs a command as a process of its own; its output."""

    def run(*arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "jiedan.cli", *arguments],
            cwd=SOURCE_ROOT,
            env={**plain_environment(), **environment},
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture
def address(jiedan: Jiedan, environment: dict[str, str]) -> Iterator[str]:
    """Two people are added, then it serves."""
    jiedan("user", "add", "olga", "--name", "Olga", "--role", "PO", typed=f"{PASSWORD}\n")
    jiedan("user", "add", "sunyue", "--name", "孙悦", "--role", "OC", typed=f"{PASSWORD}\n")
    port = free_port()
    process = start_server(port, environment)
    yield f"http://127.0.0.1:{port}"
    end(process)


class Browser:
    """Somebody with cookies who reads pages in English and sends their forms."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = "en"
        self.page = ""

    def open(self, path: str) -> requests.Response:
        answer = self.session.get(self.address + path)
        self.page = answer.text
        return answer

    def send(self, path: str, **fields: str) -> requests.Response:
        """Send a form with the token of the page last opened."""
        answer = self.session.post(self.address + path, data={"csrf_token": self.token, **fields})
        self.page = answer.text
        return answer

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page)
        assert found, "the page has no form of ours"
        return found[1]

    def sign_in(self, login: str, password: str = PASSWORD) -> requests.Response:
        self.open("/sign-in")
        return self.send("/sign-in", login=login, password=password)

    def close(self) -> None:
        self.session.close()


@pytest.fixture
def browse(address: str) -> Iterator[Callable[[], Browser]]:
    opened: list[Browser] = []

    def browser() -> Browser:
        opened.append(Browser(address))
        return opened[-1]

    yield browser
    for one in opened:
        one.close()


def test_without_the_demo_one_signs_in_deploys_and_starts(
    browse: Callable[[], Browser], address: str, jiedan: Jiedan
) -> None:
    owner, clerk = browse(), browse()

    # A wrong password does not open anything, and nobody is offered a click.
    assert owner.sign_in("olga", "not it").status_code == 401
    assert owner.open("/orders").url.startswith(f"{address}/sign-in")
    assert owner.session.post(f"{address}/sign-in/demo", data={"login": "olga"}).status_code != 200
    assert owner.sign_in("olga").status_code == 200
    assert clerk.sign_in("sunyue").status_code == 200

    # The owner deploys a form and a process that the installation did not have.
    owner.open("/studio")
    for kind, name in (("form", "hands_answer.form"), ("process", "many_hands.bpmn")):
        key = name.partition(".")[0]
        answer = owner.session.post(
            f"{address}/studio/{kind}/{key}/deployment",
            json={"source": (CONTENT / name).read_text("utf-8"), "comment": "the first"},
            headers={"X-CSRFToken": owner.token},
        )
        assert answer.status_code == 200
        assert (answer.json()["label"], answer.json()["findings"]) == ("v1", [])

    # A clerk starts an order on the product's own content and comes to its first task.
    clerk.open("/start")
    started = clerk.send("/start/order")
    assert started.status_code == 200
    assert "/tasks/" in started.url

    # A program of the owner's starts the new process with a token.
    token = jiedan("token", "olga")
    headers = {"Authorization": f"Bearer {token}"}
    instance = requests.post(
        f"{address}/api/v1/processes/many_hands/instances", json={}, headers=headers
    )
    assert instance.status_code == 201
    assert [one["element_id"] for one in instance.json()["next_tasks"]] == ["do_first"]
    # The demo's clock is not there to be moved.
    assert requests.get(f"{address}/api/v1/clock", headers=headers).status_code == 404
