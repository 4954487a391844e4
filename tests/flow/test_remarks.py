"""Comments and files beside a task."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest

from jiedan.core.files import FileMissing
from jiedan.flow.errors import AttachmentFixed, TaskNotFound
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.remarks import (
    CommentEmpty,
    CommentTooLong,
    attach,
    comment,
    detach,
    find_attachment,
)
from jiedan.flow.tasks import open_task
from tests.flow.conftest import CLERK, MANAGER, SECOND_CLERK, STRANGER, do, only_task
from tests.flow.diagrams import chain, end, start, user

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _started(flow: Flow, deployed: Callable[..., None]) -> None:
    body = [
        start(),
        user("enter_order", "OC"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
    deployed(order="\n".join(body))
    start_instance(flow, actor=CLERK, process_id="order")


def test_a_comment_is_seen_by_the_next_person(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    comment(flow, actor=CLERK, task_id=task.task_id, text=" Call before noon.\r\n")
    do(flow, CLERK)

    review = open_task(flow, actor=MANAGER, task_id=only_task(flow, MANAGER).task_id)
    assert [(one.by, one.text) for one in review.comments] == [("ann", "Call before noon.")]


def test_a_comment_needs_words_but_not_too_many(flow: Flow) -> None:
    task = only_task(flow, CLERK)

    with pytest.raises(CommentEmpty):
        comment(flow, actor=CLERK, task_id=task.task_id, text=" \n\u0000 ")
    with pytest.raises(CommentTooLong):
        comment(flow, actor=CLERK, task_id=task.task_id, text="x" * 4001)
    with pytest.raises(TaskNotFound):
        comment(flow, actor=STRANGER, task_id=task.task_id, text="hello")


@pytest.mark.req("S2.2.3")
def test_a_file_stays_with_its_task_and_is_fixed_once_it_is_completed(flow: Flow) -> None:
    task = only_task(flow, CLERK)
    stored = attach(
        flow, actor=CLERK, task_id=task.task_id, stream=BytesIO(PDF), filename="contract.pdf"
    )
    opened = open_task(flow, actor=CLERK, task_id=task.task_id)
    assert [(one.filename, one.by) for one in opened.attachments] == [("contract.pdf", "ann")]

    do(flow, CLERK)

    with pytest.raises(AttachmentFixed):
        detach(flow, actor=CLERK, attachment_id=stored.id)
    assert find_attachment(flow, actor=CLERK, attachment_id=stored.id).sha256 == stored.sha256
    with flow.platform.files.open(stored.sha256) as file:
        assert file.read() == PDF
    view = show_instance(flow, instance_id=task.instance_id)
    assert [one.id for one in view.attachments] == [stored.id]


def test_a_file_of_an_open_task_can_be_taken_away_by_who_may_do_it(flow: Flow) -> None:
    task = only_task(flow, CLERK)
    stored = attach(
        flow, actor=CLERK, task_id=task.task_id, stream=BytesIO(PDF), filename="contract.pdf"
    )
    with pytest.raises(TaskNotFound):
        detach(flow, actor=STRANGER, attachment_id=stored.id)
    with pytest.raises(TaskNotFound):
        find_attachment(flow, actor=STRANGER, attachment_id=stored.id)

    detach(flow, actor=SECOND_CLERK, attachment_id=stored.id)

    assert open_task(flow, actor=CLERK, task_id=task.task_id).attachments == ()
    with pytest.raises(FileMissing):
        find_attachment(flow, actor=CLERK, attachment_id=stored.id)
