"""Periodic jobs: one row each, done by one worker of all, caught up after a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiedan.core.clock import MovableClock
from jiedan.core.platform import Platform
from jiedan.flow.jobs import claim_jobs, list_jobs
from jiedan.flow.notices import list_notices
from jiedan.flow.periodic import BREATH, plan_periodic
from jiedan.flow.platform import Flow, Periodic
from jiedan.flow.running import run_due, run_job
from tests.flow.conftest import ADMIN

NIGHTLY = "30 2 * * *"


@pytest.fixture
def runs() -> list[bool]:
    """What each run will say: whether there is more to do."""
    return []


@pytest.fixture
def flow(both_databases: Platform, runs: list[bool]) -> Flow:
    """A platform with one job for the night; it is Monday, nine o'clock."""

    def run(flow: Flow) -> bool:
        if not runs:
            raise RuntimeError("no more")
        return runs.pop(0)

    return Flow(both_databases, periodic=(Periodic("tidy", NIGHTLY, run),), backoff=())


def test_it_runs_at_its_time_and_is_due_again_the_next_day(
    flow: Flow, runs: list[bool], clock: MovableClock
) -> None:
    runs.append(False)
    plan_periodic(flow)

    run_due(flow)
    assert runs == [False]
    clock.advance(timedelta(hours=17, minutes=30))
    run_due(flow)

    assert runs == []
    assert [one.due_at for one in list_jobs(flow).items] == [clock.now() + timedelta(days=1)]


def test_what_several_processes_plan_is_done_once(
    flow: Flow, runs: list[bool], clock: MovableClock
) -> None:
    runs += [False, False]
    for _ in range(3):
        plan_periodic(flow)
    clock.advance(timedelta(days=3))
    # Whoever plans after a pause finds it due since the first night, once.
    plan_periodic(flow)

    first, second = (claim_jobs(flow, worker=name) for name in ("one", "two"))
    for job in first:
        run_job(flow, job=job)

    assert (len(first), second, runs) == (1, [], [False])


def test_what_does_not_get_through_goes_on_soon(
    flow: Flow, runs: list[bool], clock: MovableClock
) -> None:
    runs += [True, False]
    plan_periodic(flow)
    clock.advance(timedelta(days=1))

    run_due(flow)
    assert runs == [False]
    clock.advance(BREATH)
    run_due(flow)

    assert runs == []


def test_what_fails_is_tried_again_then_told_and_left_to_the_next_day(
    flow: Flow, clock: MovableClock
) -> None:
    plan_periodic(flow)
    clock.advance(timedelta(days=1))

    run_due(flow)

    told = [one.text() for one in list_notices(flow, actor=ADMIN).items]
    assert told == ["The periodic job tidy failed: RuntimeError: no more"]
    only = list_jobs(flow).items[0]
    assert (only.state, only.last_error) == ("due", "RuntimeError: no more")
    assert only.due_at > clock.now()


def test_a_changed_schedule_counts_from_now_and_an_unknown_job_goes(
    flow: Flow, runs: list[bool], clock: MovableClock
) -> None:
    plan_periodic(flow)
    flow.periodic = (Periodic("tidy", "0 10 * * *", flow.periodic[0].run),)
    plan_periodic(flow)
    assert [one.due_at - clock.now() for one in list_jobs(flow).items] == [timedelta(hours=1)]

    flow.periodic = ()
    clock.advance(timedelta(hours=1))
    run_due(flow)

    assert list_jobs(flow).items == ()
