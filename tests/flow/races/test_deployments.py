"""Deployments against starts, and against each other."""

from __future__ import annotations

from functools import partial
from typing import Any

from jiedan.flow.definitions import deploy
from jiedan.flow.instances import list_instances, start_instance
from jiedan.flow.platform import Flow
from tests.flow.conftest import ADMIN, CLERK
from tests.flow.diagrams import chain, diagram, end, start, user
from tests.flow.races.conftest import Arena, complete
from tests.flow.races.instrument import sending


def version(name: str) -> str:
    """A process whose one task is called that."""
    return "\n".join([start(), user(name, "OC"), end(), chain("begin", name, "finish")])


def publish(flow: Flow, **bodies: str) -> Any:
    files = {f"{name}.bpmn": diagram(name, body) for name, body in bodies.items()}
    return deploy(flow, actor=ADMIN, files=files)


def test_a_start_that_meets_a_deployment_runs_what_was_deployed_when_it_looked(
    arena: Arena,
) -> None:
    arena.deploy(order=version("first"))

    outcome = arena.track.held(
        partial(publish, arena.here, order=version("second")),
        partial(start_instance, arena.there, actor=CLERK, process_id="order"),
        # Only the audit trail is one for all.
        at=sending("INSERT INTO audit_entries"),
    )

    # SQLite has one writer at a time; on PostgreSQL nobody waits for a deployment.
    assert outcome.waited is arena.on_sqlite
    begun = "second" if arena.on_sqlite else "first"
    assert [one.element_id for one in outcome.loser.next_tasks] == [begun]
    later = start_instance(arena.there, actor=CLERK, process_id="order")
    assert [one.element_id for one in later.next_tasks] == ["second"]
    complete(arena.here, outcome.loser.next_tasks[0].task_id)
    assert arena.books(outcome.loser.instance_id).state == "completed"


def test_a_deployment_that_meets_a_start_leaves_it_on_its_version(arena: Arena) -> None:
    arena.deploy(order=version("first"))

    outcome = arena.track.held(
        partial(start_instance, arena.here, actor=CLERK, process_id="order"),
        partial(publish, arena.there, order=version("second")),
    )

    assert [one.element_id for one in outcome.winner.next_tasks] == ["first"]
    assert [one.version for one in outcome.loser.changed] == [2]
    complete(arena.there, outcome.winner.next_tasks[0].task_id)
    assert arena.books(outcome.winner.instance_id).state == "completed"
    versions = {one.version for one in list_instances(arena.here).items}
    assert versions == {1}


def test_two_deployments_at_once_know_of_each_other(arena: Arena) -> None:
    """One changes a process, the other one that calls it: the new one calls the new one."""
    calling = "\n".join(
        [
            start(),
            user("{name}", "OC"),
            '<bpmn:callActivity id="call"><bpmn:extensionElements>'
            '<zeebe:calledElement processId="part"/></bpmn:extensionElements></bpmn:callActivity>',
            end(),
            chain("begin", "{name}", "call", "finish"),
        ]
    )
    arena.deploy(part=version("part_1"), order=calling.replace("{name}", "order_1"))

    outcome = arena.track.held(
        partial(publish, arena.here, part=version("part_2")),
        partial(publish, arena.there, order=calling.replace("{name}", "order_2")),
    )

    assert outcome.waited
    assert outcome.winner.deployment_id < outcome.loser.deployment_id
    for flow in (arena.here, arena.there):
        started = start_instance(flow, actor=CLERK, process_id="order")
        assert [one.element_id for one in started.next_tasks] == ["order_2"]
        then = complete(flow, started.next_tasks[0].task_id)
        assert [one.element_id for one in then.next_tasks] == ["part_2"]


def test_of_two_deployments_of_one_file_the_second_is_the_third_version_or_none(
    arena: Arena,
) -> None:
    arena.deploy(order=version("first"))

    same = arena.track.held(
        partial(publish, arena.here, order=version("second")),
        partial(publish, arena.there, order=version("second")),
    )
    other = arena.track.held(
        partial(publish, arena.here, order=version("third")),
        partial(publish, arena.there, order=version("fourth")),
    )

    assert (len(same.winner.changed), same.loser.changed) == (1, ())
    assert [one.version for one in other.loser.changed] == [4]
    started = start_instance(arena.here, actor=CLERK, process_id="order")
    assert [one.element_id for one in started.next_tasks] == ["fourth"]


def test_of_two_starts_with_one_key_the_second_gets_the_first(arena: Arena) -> None:
    arena.deploy(order=version("first"))
    for number, meet in enumerate(arena.meetings(at="INSERT INTO flow_instances")):
        begin = partial(start_instance, actor=CLERK, process_id="order", key=f"K{number}")

        outcome = meet(partial(begin, arena.here), partial(begin, arena.there))

        assert outcome.loser.replayed
        assert outcome.loser.instance_id == outcome.winner.instance_id
        assert len(list_instances(arena.here).items) == number + 1
