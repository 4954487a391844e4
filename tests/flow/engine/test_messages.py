"""Messages and signals: awaited, thrown, at activities and at starts."""

from __future__ import annotations

import pytest

from jiedan.flow.engine import Live, StartRefused, compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    catch,
    diagram,
    each,
    end,
    event_subprocess,
    file,
    flow,
    mapping,
    message,
    node,
    on,
    parallel,
    path,
    process,
    signal,
    start,
    subprocess,
    throw,
    timer,
    user,
)
from tests.flow.engine.stage import Play, Stage

PAID = [message("m_paid", "paid", key="order_id")]


def test_a_message_reaches_the_token_with_its_key_only() -> None:
    play = Play(
        diagram(
            start(),
            catch("await_payment", on("message", "m_paid")),
            user("ship"),
            path("begin", "await_payment", "ship"),
            definitions=PAID,
        ),
        {"order_id": 17},
    )
    assert list(play.subscriptions.values()) == [("paid", "17")]

    assert not play.deliver("paid", "18")
    assert not play.deliver("refunded", "17")
    assert play.deliver("paid", "17", amount=500)

    assert play.at == ["ship"]
    assert play.variables["amount"] == 500


def test_a_message_without_a_key_value_is_a_failure_instead_of_waiting_for_nobody() -> None:
    play = Play(
        diagram(
            start(),
            catch("await_payment", on("message", "m_paid")),
            path("begin", "await_payment"),
            definitions=PAID,
        )
    )

    assert list(play.failures.values()) == ["The correlation key is null."]


def test_a_receive_task_maps_what_it_receives() -> None:
    play = Play(
        diagram(
            start(),
            node(
                "receiveTask",
                "await_payment",
                extension=mapping(outputs=[("amount / 100", "yuan")]),
                messageRef="m_paid",
            ),
            user("ship"),
            path("begin", "await_payment", "ship"),
            definitions=PAID,
        ),
        {"order_id": 1},
    )

    play.deliver("paid", "1", amount=500)

    assert play.variables == {"order_id": 1, "yuan": 5}


def test_an_event_gateway_takes_the_first_event_and_withdraws_the_others() -> None:
    play = Play(
        diagram(
            start(),
            node("eventBasedGateway", "wait_for"),
            catch("payment", on("message", "m_paid")),
            catch("deadline", timer("P1D")),
            user("ship"),
            user("cancel"),
            path("begin", "wait_for", "payment", "ship"),
            path("wait_for", "deadline", "cancel"),
            definitions=PAID,
        ),
        {"order_id": 1},
    )
    assert play.standing == ["wait_for"]

    play.deliver("paid", "1")

    assert play.at == ["ship"]
    assert (play.timers, play.subscriptions) == ({}, {})
    assert play.trace == ["begin", "wait_for", "payment", "ship"]
    play.complete("ship")
    assert play.ended


CANCELLABLE = diagram(
    start(),
    subprocess("work", start("s1"), user("pick"), user("pack"), path("s1", "pick", "pack")),
    boundary("cancelled", "work", on("message", "m_cancel")),
    boundary("changed", "work", on("message", "m_change"), interrupting=False),
    user("ship"),
    user("put_back"),
    user("note_change"),
    path("begin", "work", "ship"),
    path("cancelled", "put_back"),
    path("changed", "note_change"),
    definitions=[message("m_cancel", "cancel", "id"), message("m_change", "change", "id")],
)


def test_an_interrupting_message_cancels_everything_inside() -> None:
    play = Play(CANCELLABLE, {"id": "a"})
    play.complete("pick")

    play.deliver("cancel", "a", reason="too late")

    assert play.at == ["put_back"]
    assert play.variables["reason"] == "too late"
    play.complete("put_back")
    assert play.ended


def test_a_non_interrupting_message_may_come_again_and_again() -> None:
    play = Play(CANCELLABLE, {"id": "a"})

    play.deliver("change", "a")
    play.deliver("change", "a")

    assert play.at == ["note_change", "note_change", "pick"]


def test_a_boundary_message_reaches_a_called_process_with_several_items_inside() -> None:
    model = compile_model(
        {
            "main": file(
                message("m_cancel", "cancel", "id"),
                process(
                    start(),
                    call("review_all", "reviewing", each("roles", "role")),
                    boundary("cancelled", "review_all", on("message", "m_cancel")),
                    user("put_back"),
                    path("begin", "review_all"),
                    path("cancelled", "put_back"),
                ),
            ),
            "review": file(
                process(
                    start(),
                    user(
                        "review", extension='<zeebe:assignmentDefinition candidateGroups="=role"/>'
                    ),
                    path("begin", "review"),
                    id="reviewing",
                )
            ),
        },
        "p",
    )
    play = Play(model, {"id": "a", "roles": ["SM", "FM"]})
    assert {one.candidate_groups for one in play.changes.opened} == {("SM",), ("FM",)}

    play.complete("review")
    play.deliver("cancel", "a")

    assert play.at == ["put_back"]


def test_an_interrupting_message_subprocess_that_terminates_ends_everything() -> None:
    play = Play(
        diagram(
            start(),
            parallel("split"),
            user("one"),
            user("two"),
            path("begin", "split", "one"),
            path("split", "two"),
            event_subprocess(
                "on_cancel",
                start("cancelled", on("message", "m_cancel")),
                user("refund"),
                end("over", on("terminate")),
                path("cancelled", "refund", "over"),
            ),
            definitions=[message("m_cancel", "cancel", "id")],
        ),
        {"id": 5},
    )

    play.deliver("cancel", "5")
    assert play.at == ["refund"]
    play.complete("refund")

    assert play.ended


def test_a_signal_reaches_every_branch_and_is_told_to_the_world() -> None:
    play = Play(
        diagram(
            start(),
            parallel("split"),
            catch("first", on("signal", "s_go")),
            catch("second", on("signal", "s_go")),
            user("ready"),
            throw("shout", on("signal", "s_go")),
            user("a"),
            user("b"),
            path("begin", "split", "first", "a"),
            path("split", "second", "b"),
            path("split", "ready", "shout"),
            definitions=[signal("s_go", "go")],
        )
    )

    play.complete("ready")

    assert play.at == ["a", "b"]
    assert play.thrown == [("signal", "go", None)]


def test_a_signal_end_event_throws_its_signal() -> None:
    play = Play(
        diagram(
            start(),
            end("shout", on("signal", "s_go")),
            path("begin", "shout"),
            definitions=[signal("s_go", "go")],
        )
    )

    assert play.thrown == [("signal", "go", None)]
    assert play.ended


def test_a_message_thrown_inside_an_instance_reaches_its_own_waiting_branch_first() -> None:
    parts = [
        start(),
        user("pay"),
        throw(
            "tell",
            on("message", "m_paid"),
        ),
        catch("hear", on("message", "m_paid")),
        user("ship"),
        path("begin", "pay", "tell"),
        flow("begin", "hear"),
        path("hear", "ship"),
    ]
    play = Play(diagram(*parts, definitions=PAID), {"order_id": 3})

    play.complete("pay")

    assert play.at == ["ship"]
    assert play.thrown == []


def test_a_message_end_event_tells_the_world_with_its_key_and_mapped_inputs() -> None:
    said = mapping([("amount", "sum")])
    play = Play(
        diagram(
            start(),
            node("endEvent", "tell", on("message", "m_paid"), extension=said),
            path("begin", "tell"),
            definitions=PAID,
        ),
        {"order_id": 3, "amount": 9},
        saving=False,
    )

    assert play.thrown == [("message", "paid", "3")]
    assert play.changes.thrown[0].payload == {"sum": 9}


MESSAGE_START = diagram(
    start("by_hand"),
    start("by_message", on("message", "m_order")),
    user("enter"),
    user("import_it"),
    path("by_hand", "enter"),
    path("by_message", "import_it"),
    definitions=[message("m_order", "order placed")],
)


def test_a_message_starts_an_instance_with_its_payload() -> None:
    model = compile_model({"p": MESSAGE_START}, "p")
    assert model.start_messages() == {"order placed"}

    play = Play(model, {"number": "T-1"}, message="order placed")

    assert play.at == ["import_it"]
    assert play.variables == {"number": "T-1"}


def test_a_process_with_a_message_start_can_also_be_started_by_hand() -> None:
    assert Play(MESSAGE_START).at == ["enter"]


def test_a_message_the_process_does_not_start_by_is_refused() -> None:
    with pytest.raises(StartRefused):
        Live.start(compile_model({"p": MESSAGE_START}, "p"), {}, Stage(), message="something else")


def test_an_event_subprocess_listens_once_its_key_is_known() -> None:
    play = Play(
        diagram(
            start(),
            user("enter"),
            user("ship"),
            path("begin", "enter", "ship"),
            event_subprocess(
                "on_cancel",
                start("cancelled", on("message", "m_cancel")),
                user("refund"),
                path("cancelled", "refund"),
            ),
            definitions=[message("m_cancel", "cancel", "order_id")],
        )
    )
    assert play.subscriptions == {}
    assert play.failures == {}

    play.complete("enter", order_id=7)
    assert list(play.subscriptions.values()) == [("cancel", "7")]
    play.deliver("cancel", "7")

    assert play.at == ["refund"]


def test_a_message_is_delivered_to_one_of_several_that_wait() -> None:
    play = Play(
        diagram(
            start(),
            catch("first", on("message", "m_any")),
            catch("second", on("message", "m_any")),
            user("a"),
            user("b"),
            flow("begin", "first"),
            flow("begin", "second"),
            path("first", "a"),
            path("second", "b"),
            definitions=[message("m_any", "any")],
        )
    )

    play.deliver("any")
    assert play.at == ["a"]
    play.live.deliver_to(next(iter(play.subscriptions)), {"said": 1})
    play.run()

    assert play.at == ["a", "b"]
    assert play.variables == {"said": 1}
