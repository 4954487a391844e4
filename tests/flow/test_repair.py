"""What an admin does with a job that waits for its next try, or got stuck."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from jiedan.core.platform import Platform
from jiedan.flow.errors import JobBusy, JobNotFound, KeyReused, NotAllowed, ReasonMissing
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.jobs import Job, claim_jobs, list_jobs
from jiedan.flow.platform import Flow
from jiedan.flow.repair import retry_job, show_job, skip_job
from jiedan.flow.running import run_due
from tests.flow.conftest import ADMIN, CLERK, only_task
from tests.flow.diagrams import chain, end, service, start, user

MAILS = "\n".join(
    [
        start(),
        service("send_mail", "mail.send"),
        user("enter_order", "OC"),
        end(),
        chain("begin", "send_mail", "enter_order", "finish"),
    ]
)


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A platform on each database in turn."""
    return Flow(both_databases, registry=registry)


@pytest.fixture
def started(flow: Flow, registry: Registry, deployed: Callable[..., None]) -> UUID:
    """An instance whose mail goes to nobody until somebody gives an address."""

    @registry.handler("mail.send", external=True)
    def send(context: Context, address: str) -> dict[str, Any]:
        if "@" not in address:
            raise ValueError(f"{address} is no address")
        return {"sent_to": address}

    deployed(order=MAILS)
    variables = {"address": "nowhere"}
    return start_instance(flow, actor=CLERK, process_id="order", variables=variables).instance_id


def only_job(flow: Flow) -> Job:
    (job,) = list_jobs(flow).items
    return job


def variables(flow: Flow, instance_id: UUID) -> Any:
    return show_instance(flow, instance_id=instance_id).variables


def test_a_job_that_waits_for_its_next_try_is_edited_and_tried_at_once(
    flow: Flow, started: UUID
) -> None:
    run_due(flow)
    job = only_job(flow)
    assert (job.attempt, job.last_error) == (1, "ValueError: nowhere is no address")

    retry_job(flow, actor=ADMIN, job_id=job.id, variables={"address": "ann@example.com"})
    run_due(flow)

    assert only_task(flow, CLERK).element_id == "enter_order"
    assert variables(flow, started)["sent_to"] == "ann@example.com"
    assert variables(flow, started)["address"] == "ann@example.com"
    notes = [one for one in show_instance(flow, instance_id=started).history if one.actor == "adi"]
    assert [one.kind for one in notes] == ["retried"]


def test_a_job_is_skipped_with_a_reason_and_a_result(flow: Flow, started: UUID) -> None:
    job = only_job(flow)

    with pytest.raises(ReasonMissing):
        skip_job(flow, actor=ADMIN, job_id=job.id, reason=" ")
    skip_job(
        flow, actor=ADMIN, job_id=job.id, reason="told by phone", variables={"sent_to": "phone"}
    )

    assert run_due(flow) == 0
    assert variables(flow, started)["sent_to"] == "phone"
    assert only_task(flow, CLERK).element_id == "enter_order"
    assert show_job(flow, job_id=job.id).job.state == "cancelled"


def test_a_job_that_got_stuck_is_mended_through_its_incident(flow: Flow, started: UUID) -> None:
    flow.backoff = ()
    run_due(flow)
    job = only_job(flow)
    assert show_job(flow, job_id=job.id).incident_id is not None

    retry_job(flow, actor=ADMIN, job_id=job.id, variables={"address": "ann@example.com"}, key="k")
    retry_job(flow, actor=ADMIN, job_id=job.id, variables={"address": "ann@example.com"}, key="k2")
    run_due(flow)

    view = show_instance(flow, instance_id=started)
    assert (view.item.state, view.incidents[0].resolution) == ("active", "retried")


def test_the_same_key_again_does_nothing(flow: Flow, started: UUID) -> None:
    job = only_job(flow)

    for _ in range(2):
        skip_job(flow, actor=ADMIN, job_id=job.id, reason="by phone", key="once")

    with pytest.raises(KeyReused):
        skip_job(flow, actor=ADMIN, job_id=job.id, reason="another", key="once")
    assert len(show_instance(flow, instance_id=started).tasks) == 1


def test_what_a_worker_holds_and_what_is_over_is_left_alone(flow: Flow, started: UUID) -> None:
    job = only_job(flow)
    claim_jobs(flow, worker="w")

    with pytest.raises(JobBusy):
        retry_job(flow, actor=ADMIN, job_id=job.id)
    with pytest.raises(JobBusy):
        skip_job(flow, actor=ADMIN, job_id=job.id, reason="no")
    with pytest.raises(JobNotFound):
        retry_job(flow, actor=ADMIN, job_id=uuid.uuid4())


def test_only_admins_repair(flow: Flow, started: UUID) -> None:
    job = only_job(flow)

    with pytest.raises(NotAllowed):
        retry_job(flow, actor=CLERK, job_id=job.id)
    with pytest.raises(NotAllowed):
        skip_job(flow, actor=CLERK, job_id=job.id, reason="please")
