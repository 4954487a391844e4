"""Timers, messages, signals, errors and escalations: caught, thrown, at boundaries, at starts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jiedan.flow.engine import Live, StartRefused, compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    catch,
    diagram,
    each,
    end,
    error,
    escalation,
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
from tests.flow.engine.stage import NOON, Play, Stage

HOUR = timedelta(hours=1)


def test_a_timer_waits_until_it_is_due() -> None:
    play = Play(
        diagram(start(), catch("wait", timer("PT2H")), user("next"), path("begin", "wait", "next"))
    )
    assert play.live.next_timer() == NOON + 2 * HOUR
    assert list(play.timers.values()) == [NOON + 2 * HOUR]

    assert play.wait(HOUR) == 0
    assert play.at == []
    assert play.wait(HOUR) == 1

    assert play.at == ["next"]
    assert play.timers == {}


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-03-03T09:30:00+08:00", datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
        ("2026-03-03T09:30:00", datetime(2026, 3, 3, 1, 30, tzinfo=UTC)),
        ("=payment_due", datetime(2026, 3, 5, tzinfo=UTC)),
        (
            '=date and time("2026-03-03T09:30:00Z") + duration("P1D")',
            datetime(2026, 3, 4, 9, 30, tzinfo=UTC),
        ),
    ],
    ids=["with a zone", "company time", "a variable", "an expression"],
)
def test_the_date_of_a_timer_may_be_written_in_several_ways(text: str, due: datetime) -> None:
    play = Play(
        diagram(start(), catch("wait", timer(date=text)), path("begin", "wait")),
        {"payment_due": "2026-03-05T08:00:00+08:00"},
    )

    assert play.live.next_timer() == due


def test_a_timer_that_is_no_time_is_a_failure_of_its_element() -> None:
    play = Play(
        diagram(start(), catch("wait", timer(date="=soon")), path("begin", "wait")),
        {"soon": "soon"},
    )

    assert list(play.failures.values()) == ["The timer's value is not a time."]
    play.live.merge_variables({"soon": "2026-03-05T08:00:00+08:00"})
    play.retry("wait")
    assert play.live.next_timer() == datetime(2026, 3, 5, tzinfo=UTC)


def test_an_interrupting_timer_takes_the_task_away() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer("P3D")),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(timedelta(days=3))

    assert play.at == ["remind"]
    assert play.trace == ["begin", "answer", "late", "remind"]
    play.complete("remind")
    assert play.ended


def test_a_completed_task_takes_its_boundary_timer_with_it() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer("P3D")),
            user("next"),
            path("begin", "answer", "next"),
        )
    )

    play.complete("answer")

    assert play.timers == {}
    assert play.live.next_timer() is None


def test_a_non_interrupting_cycle_reminds_as_often_as_it_says() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer(cycle="R2/PT1H"), interrupting=False),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(HOUR)
    assert play.at == ["answer", "remind"]
    play.wait(HOUR)
    assert play.at == ["answer", "remind", "remind"]
    assert play.wait(10 * HOUR) == 0

    for _ in range(2):
        play.complete("remind")
    play.complete("answer")
    assert play.ended


def test_a_cycle_that_was_missed_fires_once_and_keeps_its_rhythm() -> None:
    play = Play(
        diagram(
            start(),
            user("answer"),
            boundary("late", "answer", timer(cycle="R/PT1H"), interrupting=False),
            user("remind"),
            path("begin", "answer"),
            path("late", "remind"),
        )
    )

    play.wait(5 * HOUR + timedelta(minutes=20))

    assert play.at == ["answer", "remind"]
    assert play.live.next_timer() == NOON + 6 * HOUR


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


def test_an_error_end_event_leaves_its_subprocess_by_the_matching_boundary() -> None:
    play = Play(
        diagram(
            start(),
            subprocess(
                "check",
                start("s1"),
                user("look"),
                end("bad", on("error", "e_bad"), name="It is bad"),
                path("s1", "look", "bad"),
            ),
            boundary("caught", "check", on("error", "e_bad")),
            user("repair"),
            path("begin", "check"),
            path("caught", "repair"),
            definitions=[error("e_bad", "BAD")],
        )
    )

    play.complete("look")

    assert play.at == ["repair"]
    play.complete("repair")
    assert play.ended


def test_an_error_leaves_a_called_process() -> None:
    bad = error("e_bad", "BAD")
    model = compile_model(
        {
            "main": file(
                bad,
                process(
                    start(),
                    call("check", "checking"),
                    boundary("caught", "check", on("error", "e_bad")),
                    user("repair"),
                    path("begin", "check"),
                    path("caught", "repair"),
                ),
            ),
            "checking": file(
                bad,
                process(
                    start(),
                    user("look"),
                    end("bad", on("error", "e_bad")),
                    path("begin", "look", "bad"),
                    id="checking",
                ),
            ),
        },
        "p",
    )
    play = Play(model)

    play.complete("look")

    assert play.at == ["repair"]


def test_an_uncaught_error_end_event_is_reported_and_not_dead() -> None:
    play = Play(
        diagram(
            start(),
            end("bad", on("error", "e_bad")),
            path("begin", "bad"),
            definitions=[error("e_bad", "BAD")],
        )
    )

    assert play.uncaught == ["BAD"]
    assert not play.changes.dead
    assert not play.ended


def test_an_event_subprocess_handles_an_error_in_place_of_the_running_tokens() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            user("meanwhile"),
            path("begin", "work"),
            flow("begin", "meanwhile"),
            event_subprocess(
                "on_trouble",
                start("trouble", on("error", "e_bad")),
                user("repair"),
                path("trouble", "repair"),
            ),
            definitions=[error("e_bad", "BAD")],
        ),
        {"seen": "old"},
    )
    play.live.merge_variables({"seen": "new"})

    play.throw("work", "BAD", part=7)

    assert play.at == ["repair"]
    assert play.live.variables(play.waiting_ids("repair")[0]) == {"seen": "new", "part": 7}
    play.complete("repair")
    assert play.ended


def test_an_error_inside_its_own_handler_goes_outwards() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            path("begin", "work"),
            event_subprocess(
                "on_trouble",
                start("trouble", on("error")),
                end("again", on("error", "e_bad")),
                path("trouble", "again"),
            ),
            definitions=[error("e_bad", "BAD")],
        )
    )

    play.throw("work", "BAD")

    assert play.uncaught == ["BAD"]


NOTES = diagram(
    start(),
    user("work"),
    path("begin", "work"),
    event_subprocess(
        "on_note",
        start("noted", on("message", "m_note"), isInterrupting="false"),
        user("read"),
        path("noted", "read"),
    ),
    definitions=[message("m_note", "note", "id")],
)


def test_a_non_interrupting_event_subprocess_runs_beside_and_as_often_as_it_is_told() -> None:
    play = Play(NOTES, {"id": 1})

    play.deliver("note", "1", text="first")
    play.deliver("note", "1", text="second")

    assert play.at == ["read", "read", "work"]
    assert play.variables["text"] == "second"


def test_the_listener_of_an_event_subprocess_does_not_keep_an_instance_alive() -> None:
    play = Play(NOTES, {"id": 1})

    play.complete("work")

    assert play.ended
    assert play.subscriptions == {}


def test_an_instance_ends_only_after_its_running_event_subprocess() -> None:
    play = Play(NOTES, {"id": 1})
    play.deliver("note", "1")

    play.complete("work")
    assert not play.ended
    play.complete("read")

    assert play.ended


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


def test_a_timer_starts_an_event_subprocess_while_the_process_runs() -> None:
    play = Play(
        diagram(
            start(),
            user("work"),
            path("begin", "work"),
            event_subprocess(
                "weekly",
                start("each_week", timer(cycle="R/P7D"), isInterrupting="false"),
                user("report"),
                path("each_week", "report"),
            ),
        )
    )

    play.wait(timedelta(days=7))
    play.wait(timedelta(days=7))

    assert play.at == ["report", "report", "work"]


def test_a_terminate_end_event_cancels_the_other_branches() -> None:
    play = Play(
        diagram(
            start(),
            user("one"),
            user("two"),
            end("stop", on("terminate")),
            path("begin", "one", "stop"),
            flow("begin", "two"),
        )
    )

    play.complete("one")

    assert play.ended
    assert play.open == {}


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


@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside"])
def test_an_escalation_is_caught_at_the_boundary(interrupting: bool) -> None:
    play = Play(
        diagram(
            start(),
            subprocess(
                "work",
                start("s1"),
                user("look"),
                throw("hand_up", on("escalation", "c_big")),
                user("go_on"),
                path("s1", "look", "hand_up", "go_on"),
            ),
            boundary("raised", "work", on("escalation", "c_big"), interrupting=interrupting),
            user("boss"),
            path("begin", "work"),
            path("raised", "boss"),
            definitions=[escalation("c_big", "BIG")],
        )
    )

    play.complete("look")

    assert play.at == (["boss"] if interrupting else ["boss", "go_on"])


def test_an_escalation_nobody_catches_is_simply_over() -> None:
    play = Play(
        diagram(
            start(),
            end("raise_it", on("escalation", "c_big")),
            path("begin", "raise_it"),
            definitions=[escalation("c_big", "BIG")],
        )
    )

    assert play.ended
    assert play.uncaught == []


def test_a_link_is_a_flow_that_is_not_drawn() -> None:
    play = Play(
        diagram(
            start(),
            throw("leave", '<bpmn:linkEventDefinition name="over there"/>'),
            catch("arrive", '<bpmn:linkEventDefinition name="over there"/>'),
            user("next"),
            path("begin", "leave"),
            path("arrive", "next"),
        )
    )

    assert play.at == ["next"]


def test_a_conditional_event_fires_when_a_write_makes_it_true() -> None:
    condition = (
        "<bpmn:conditionalEventDefinition><bpmn:condition>=stock &gt;= 10</bpmn:condition>"
        "</bpmn:conditionalEventDefinition>"
    )
    play = Play(
        diagram(
            start(),
            catch("enough", condition),
            user("count"),
            user("ship"),
            path("begin", "enough", "ship"),
            flow("begin", "count"),
        ),
        {"stock": 3},
    )
    assert play.at == ["count"]

    play.complete("count", stock=12)

    assert play.at == ["ship"]


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


def test_the_timers_that_start_a_process_are_told() -> None:
    xml = diagram(
        start("weekly", timer(cycle="0 0 9 * * MON")), user("report"), path("weekly", "report")
    )
    model = compile_model({"p": xml}, "p")

    assert [(one.id, text) for one, text in model.start_timers()] == [("weekly", "0 0 9 * * MON")]
    assert Play(model, start_element="weekly").at == ["report"]


def test_a_message_the_process_does_not_start_by_is_refused() -> None:
    with pytest.raises(StartRefused):
        Live.start(compile_model({"p": MESSAGE_START}, "p"), {}, Stage(), message="something else")


def test_terminating_an_instance_closes_everything_that_waits() -> None:
    play = Play(CANCELLABLE, {"id": "a"})

    play.live.terminate()
    play.note()

    assert play.ended
    assert play.changes.ended


def test_transactions_leave_by_their_cancel_event() -> None:
    play = Play(
        diagram(
            start(),
            node(
                "transaction",
                "book",
                start("s1"),
                user("pay"),
                user("other"),
                end("no", on("cancel")),
                path("s1", "pay", "no"),
                flow("s1", "other"),
            ),
            boundary("undone", "book", on("cancel")),
            user("tell"),
            path("begin", "book"),
            path("undone", "tell"),
        )
    )

    play.complete("pay")

    assert play.at == ["tell"]
