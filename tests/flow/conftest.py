"""What the tests of the process platform share: a Flow of their own, small diagrams, people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiedan.core.actor import Actor
from jiedan.core.platform import Platform
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import Registry
from jiedan.flow.inbox import TaskItem, list_tasks
from jiedan.flow.platform import Flow
from jiedan.flow.tasks import Answer, Completed, complete_task
from tests.flow.diagrams import diagram

CLERK = Actor("ann", "Ann", frozenset({"OC"}))
SECOND_CLERK = Actor("ben", "Ben", frozenset({"OC"}))
MANAGER = Actor("may", "May", frozenset({"SM"}))
STRANGER = Actor("zoe", "Zoe", frozenset({"WH"}))
ADMIN = Actor("adi", "Adi", frozenset({"AD"}))


@pytest.fixture
def registry() -> Registry:
    """Handlers of one test."""
    return Registry()


@pytest.fixture
def flow(platform: Platform, registry: Registry) -> Flow:
    """A process platform on a fresh SQLite database."""
    return Flow(platform, registry=registry)


@pytest.fixture
def deployed(flow: Flow) -> Callable[..., None]:
    """Deploys diagrams given as `name=body`, the body without the frame."""

    def deploy_all(**bodies: str) -> None:
        deploy(
            flow,
            actor=ADMIN,
            files={f"{name}.bpmn": diagram(name, body) for name, body in bodies.items()},
        )

    return deploy_all


def only_task(flow: Flow, actor: Actor, element_id: str | None = None) -> TaskItem:
    """The one task in somebody's inbox (of that element)."""
    found = [
        one
        for one in list_tasks(flow, actor=actor).items
        if element_id is None or one.element_id == element_id
    ]
    assert len(found) == 1, [one.element_id for one in found]
    return found[0]


def do(
    flow: Flow, actor: Actor, element_id: str | None = None, /, outcome: str = "done", **values: Any
) -> Completed:
    """Complete the one task in somebody's inbox."""
    task = only_task(flow, actor, element_id)
    return complete_task(
        flow,
        actor=actor,
        task_id=task.task_id,
        version=task.version,
        answer=Answer(outcome, values),
    )


def folder_of(tmp_path: Path, **files: bytes) -> Path:
    """A content folder with these files; `order_bpmn` becomes `order.bpmn`."""
    folder = tmp_path / "content"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_bytes(content)
    return folder
