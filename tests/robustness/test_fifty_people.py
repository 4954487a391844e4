"""Many people at one instance, at the same moment, over HTTP, on a server of its own."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from jiedan.core.database import Database
from tests.installation import Client, Installation, furnish

CONTENT = Path(__file__).parent / "content" / "hands"
PEOPLE = tuple(f"clerk{number:02}" for number in range(50))
ALL_WITHIN = 10.0
"""Seconds; far more than it takes, far less than people would wait."""

Answer = tuple[int, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation with fifty clerks, on each of the two databases in turn."""
    folder = tmp_path / "place"
    folder.mkdir()
    people = dict.fromkeys(PEOPLE, "OC")
    if request.param == "sqlite":
        yield furnish(folder, content=CONTENT, people=people)
        return
    server = request.getfixturevalue("_postgres_server")
    name = f"jiedan_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    yield furnish(folder, _beside(server, name), content=CONTENT, people=people)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def test_of_fifty_people_who_complete_one_task_one_wins_and_the_others_are_told(
    place: Installation,
) -> None:
    with place.server() as port, _open(port, place) as clients:
        started = clients[PEOPLE[0]].post("/processes/many_hands/instances", {})
        task = started["next_tasks"][0]["id"]
        body = {"version": 1, "outcome": "done", "variables": {}}

        answers = at_once(
            clients, lambda client: client.send("POST", f"/tasks/{task}/completion", body)
        )

        winners = [login for login, (status, _) in answers.items() if status == 200]
        assert len(winners) == 1
        refusals = [answer for login, answer in answers.items() if login not in winners]
        assert {status for status, _ in refusals} == {409}
        assert {problem["code"] for _, problem in refusals} == {"TASK_ALREADY_COMPLETED"}
        # Each is told who was faster, and when.
        said = {problem["detail"] for _, problem in refusals}
        assert len(said) == 1
        sentence = said.pop()
        assert winners[0] in sentence
        assert re.search(r"\d\d:\d\d", sentence)

        # The instance is unharmed: it went on once, and goes on to its end.
        seen = clients[winners[0]].send("GET", f"/instances/{started['id']}")[1]
        assert seen["state"] == "active"
        assert [one["element_id"] for one in seen["history"]].count("do_first") == 1
        for login, part in zip(PEOPLE, answers[winners[0]][1]["next_tasks"], strict=False):
            clients[login].post(f"/tasks/{part['id']}/completion", body)
        seen = clients[winners[0]].send("GET", f"/instances/{started['id']}")[1]
        assert seen["state"] == "completed"


def test_of_fifty_people_who_claim_one_task_one_gets_it(place: Installation) -> None:
    with place.server() as port, _open(port, place) as clients:
        started = clients[PEOPLE[0]].post("/processes/many_hands/instances", {})
        task = started["next_tasks"][0]["id"]

        answers = at_once(
            clients, lambda client: client.send("POST", f"/tasks/{task}/claim", {"version": 1})
        )

        winners = [login for login, (status, _) in answers.items() if status == 200]
        assert len(winners) == 1
        assert answers[winners[0]][1]["assignee"] == winners[0]
        refusals = [problem for status, problem in answers.values() if status != 200]
        assert {problem["status"] for problem in refusals} == {409}
        assert {problem["code"] for problem in refusals} == {"TASK_TAKEN"}
        assert all(winners[0] in problem["detail"] for problem in refusals)


def test_four_people_at_four_parallel_tasks_of_one_instance_do_not_wait_for_each_other(
    place: Installation,
) -> None:
    with place.server() as port, _open(port, place) as clients:
        body = {"version": 1, "outcome": "done", "variables": {}}
        slowest = []
        for _ in range(5):
            first = clients[PEOPLE[0]]
            started = first.post("/processes/many_hands/instances", {})
            begun = first.post(f"/tasks/{started['next_tasks'][0]['id']}/completion", body)
            parts = dict(zip(PEOPLE, begun["next_tasks"], strict=False))
            taken: dict[str, float] = {}

            def hand_in(client: Client, login: str, parts: Any = parts, taken: Any = taken) -> Any:
                began = time.monotonic()
                answer = client.send("POST", f"/tasks/{parts[login]['id']}/completion", body)
                taken[login] = time.monotonic() - began
                return answer

            four = {login: clients[login] for login in parts}
            answers = at_once(four, hand_in, with_login=True)

            assert len(answers) == 4
            assert {status for status, _ in answers.values()} == {200}
            states = [answer["instance_state"] for _, answer in answers.values()]
            assert sorted(states) == ["active", "active", "active", "completed"]
            slowest.append(max(taken.values()))

    print(f"slowest of four, five times: {', '.join(f'{one * 1000:.0f} ms' for one in slowest)}")
    assert max(slowest) < ALL_WITHIN


def at_once(
    clients: dict[str, Client], call: Callable[..., Answer], *, with_login: bool = False
) -> dict[str, Answer]:
    """What each got when all called at the same moment."""
    together = threading.Barrier(len(clients))
    answers: dict[str, Answer] = {}
    failures: list[Exception] = []

    def take_part(login: str, client: Client) -> None:
        try:
            together.wait(30)
            answers[login] = call(client, login) if with_login else call(client)
        except Exception as error:
            failures.append(error)

    began = time.monotonic()
    threads = [threading.Thread(target=take_part, args=one) for one in clients.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert time.monotonic() - began < ALL_WITHIN
    return answers


class _open:
    """A connection for each of the fifty, closed at the end."""

    def __init__(self, port: int, place: Installation) -> None:
        self._clients = {login: Client(port, place.tokens[login]) for login in PEOPLE}

    def __enter__(self) -> dict[str, Client]:
        # Each says hello first, so that the connection is accepted when it matters.
        for client in self._clients.values():
            assert client.send("GET", "/tasks?size=1")[0] == 200
        return self._clients

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()


def _administer(server: str, statement: str) -> None:
    database = Database(server)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    database.close()


def _beside(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
