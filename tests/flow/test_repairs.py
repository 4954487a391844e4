"""What admins mend by hand: tokens, rounds, variables; each with a reason and a trace."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from jiedan.core import audit
from jiedan.core.ids import new_id
from jiedan.core.platform import Platform
from jiedan.flow.errors import (
    ElementNotFound,
    InstanceSuspended,
    NotAllowed,
    ReasonMissing,
    TokenGone,
)
from jiedan.flow.handlers import Registry
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import show_instance, start_instance, suspend_instance
from jiedan.flow.platform import Flow
from jiedan.flow.repairs import (
    Standing,
    add_item,
    cancel_token,
    list_tokens,
    move_token,
    set_variables,
)
from jiedan.flow.states import InstanceState
from tests.flow.conftest import ADMIN, CLERK, do
from tests.flow.diagrams import chain, end, exclusive, start, user
from tests.flow.diagrams import flow as arrow
from tests.flow.test_migration import put, straight

EACH = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
    'inputCollection="=lines" inputElement="line"/></bpmn:extensionElements>'
    "</bpmn:multiInstanceLoopCharacteristics>"
)


@pytest.fixture
def flow(both_databases: Platform, registry: Registry) -> Flow:
    """A process platform on each database."""
    return Flow(both_databases, registry=registry)


def begun(flow: Flow, **variables: object) -> UUID:
    return start_instance(flow, actor=CLERK, process_id="order", variables=variables).instance_id


def standing(flow: Flow, instance_id: UUID) -> list[tuple[str, str, int]]:
    return [
        (one.spot.element_id, one.state, one.depth)
        for one in list_tokens(flow, instance_id=instance_id)
    ]


def only(flow: Flow, instance_id: UUID) -> Standing:
    (token,) = list_tokens(flow, instance_id=instance_id)
    return token


def trail(flow: Flow, instance_id: UUID, action: str) -> str:
    with flow.platform.read() as session:
        return str(
            session.execute(
                select(audit.AuditEntry.after).where(
                    audit.AuditEntry.entity == f"instance:{instance_id}",
                    audit.AuditEntry.action == action,
                )
            ).scalar_one()
        )


def test_a_token_is_moved_to_another_element_and_everybody_can_read_why(flow: Flow) -> None:
    put(flow, *straight("review", "pay"))
    instance_id = begun(flow)
    token = only(flow, instance_id)
    assert "pay" in [one.element_id for one in token.places]

    move_token(
        flow,
        actor=ADMIN,
        instance_id=instance_id,
        token_id=token.token_id,
        element_id="pay",
        reason="was reviewed on paper",
    )

    assert standing(flow, instance_id) == [("pay", "waiting", 0)]
    note = next(
        one for one in show_instance(flow, instance_id=instance_id).history if one.kind == "moved"
    )
    assert (note.actor, note.note, note.detail) == (
        "adi",
        "was reviewed on paper",
        {"from": "review", "to": "pay"},
    )
    assert "was reviewed on paper" in trail(flow, instance_id, "instance.moved")
    do(flow, CLERK, "pay")


def test_rounds_are_added_and_taken_away(flow: Flow) -> None:
    put(flow, start(), user("pick", "OC", inner=EACH), end(), chain("begin", "pick", "finish"))
    instance_id = begun(flow, lines=["a", "b"])
    assert standing(flow, instance_id) == [
        ("pick", "inside", 0),
        ("pick", "waiting", 1),
        ("pick", "waiting", 1),
    ]
    body, first, _ = list_tokens(flow, instance_id=instance_id)
    assert (body.takes_items, first.takes_items, first.item) == (True, False, 1)
    assert first.variables["line"] == "a"

    act = {"actor": ADMIN, "instance_id": instance_id, "reason": "the customer changed it"}
    add_item(flow, token_id=body.token_id, value="c", **act)  # type: ignore[arg-type]
    cancel_token(flow, token_id=first.token_id, **act)  # type: ignore[arg-type]

    left = [one.variables["line"] for one in list_tokens(flow, instance_id=instance_id)[1:]]
    assert left == ["b", "c"]
    assert '"c"' in trail(flow, instance_id, "instance.item_added")


def test_the_last_token_taken_away_ends_the_instance(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    token = only(flow, instance_id)

    cancel_token(
        flow, actor=ADMIN, instance_id=instance_id, token_id=token.token_id, reason="done on paper"
    )

    assert show_instance(flow, instance_id=instance_id).item.state is InstanceState.COMPLETED
    assert list_tasks(flow, actor=CLERK).items == ()


def test_variables_are_set_with_what_they_were_before(flow: Flow) -> None:
    put(
        flow,
        start(),
        user("review", "OC"),
        exclusive("large", "small_end"),
        end("large_end"),
        end("small_end"),
        chain("begin", "review", "large"),
        arrow("large", "large_end", "amount &gt; 10"),
        arrow("large", "small_end"),
    )
    instance_id = begun(flow, amount=5, note="x")

    set_variables(
        flow,
        actor=ADMIN,
        instance_id=instance_id,
        variables={"amount": 50, "note": "x"},
        reason="typed wrongly",
    )

    assert show_instance(flow, instance_id=instance_id).variables == {"amount": 50, "note": "x"}
    assert trail(flow, instance_id, "instance.variables").count("note") == 0
    do(flow, CLERK, "review")
    history = show_instance(flow, instance_id=instance_id).history
    assert "large_end" in [entry.element_id for entry in history]


def test_what_is_not_there_cannot_be_mended(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    token = only(flow, instance_id)
    act = {"actor": ADMIN, "instance_id": instance_id, "reason": "because"}

    with pytest.raises(TokenGone):
        move_token(flow, token_id=new_id(), element_id="review", **act)  # type: ignore[arg-type]
    with pytest.raises(ElementNotFound):
        move_token(flow, token_id=token.token_id, element_id="nowhere", **act)  # type: ignore[arg-type]
    with pytest.raises(TokenGone):
        add_item(flow, token_id=token.token_id, value=1, **act)  # type: ignore[arg-type]
    with pytest.raises(TokenGone):
        set_variables(flow, token_id=new_id(), variables={"a": 1}, **act)  # type: ignore[arg-type]


def test_only_admins_mend_and_they_say_why_and_not_while_it_rests(flow: Flow) -> None:
    put(flow, *straight("review"))
    instance_id = begun(flow)
    token_id = only(flow, instance_id).token_id

    with pytest.raises(NotAllowed):
        cancel_token(
            flow, actor=CLERK, instance_id=instance_id, token_id=token_id, reason="because"
        )
    with pytest.raises(ReasonMissing):
        cancel_token(flow, actor=ADMIN, instance_id=instance_id, token_id=token_id, reason=" ")
    suspend_instance(flow, actor=ADMIN, instance_id=instance_id, reason="wait")
    with pytest.raises(InstanceSuspended):
        cancel_token(
            flow, actor=ADMIN, instance_id=instance_id, token_id=token_id, reason="because"
        )
    set_variables(
        flow, actor=ADMIN, instance_id=instance_id, variables={"a": 1}, reason="while it rests"
    )
    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.state, view.variables) == (InstanceState.SUSPENDED, {"a": 1})
