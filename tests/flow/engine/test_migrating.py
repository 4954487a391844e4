"""Moving an instance to another version of its process, token by token, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jiedan.flow.engine import Live, ProcessModel, compile_model
from jiedan.flow.engine.migrating import Memory, Moved, move_to
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
    service,
    start,
    subprocess,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import NOON, PENDING, Play, Stage

HOUR = timedelta(hours=1)


def model(source: bytes) -> ProcessModel:
    return compile_model({"p": source}, "p")


def straight(*ids: str, beside: str = "", definitions: tuple[str, ...] = ()) -> bytes:
    """User tasks one after the other."""
    return diagram(
        start(),
        *(user(one) for one in ids),
        end(),
        path("begin", *ids, "done"),
        beside,
        definitions=definitions,
    )


class Migrating(Play):
    """An instance that can be moved; the books are kept from the changes, as always."""

    def move(self, target: bytes, back: Memory | None = None, /, **mapping: str) -> Moved:
        before = self.model
        moved = move_to(
            self.live.state(),
            before,
            model(target),
            {key.replace("__", "/"): value for key, value in mapping.items()},
            self.stage,
            back,
        )
        if moved.live is not None:
            self.live, self.model = moved.live, model(target)
            for one in moved.relocations:
                for book in (self.open, self.jobs, self.entered):
                    if one.task_id in book:
                        book[one.task_id] = one.target.id
            self.run()
        return moved


def rules(moved: Moved) -> list[tuple[str, str]]:
    return [(one.rule, one.element.id) for one in moved.obstacles]


def test_a_task_stays_open_under_its_id_and_goes_on_in_the_new_version() -> None:
    play = Migrating(straight("review", "pay"), {"amount": 3})
    opened = dict(play.open)

    moved = play.move(straight("review", "sign", "pay"))

    assert moved.obstacles == ()
    assert play.open == opened
    play.complete("review")
    assert play.at == ["sign"]
    play.complete("sign")
    play.complete("pay")
    assert play.ended
    assert play.variables == {"amount": 3}


def test_an_element_that_is_gone_is_named_unless_something_else_takes_its_place() -> None:
    play = Migrating(straight("review"))

    refused = play.move(straight("look"))
    assert (refused.live, rules(refused)) == (None, [("gone", "review")])

    moved = play.move(straight("look"), review="look")
    assert [(one.source.id, one.target.id) for one in moved.relocations] == [("review", "look")]
    play.complete("look")
    assert play.ended


def test_an_element_of_another_kind_cannot_take_a_token() -> None:
    play = Migrating(straight("review"))
    target = diagram(start(), service("review"), end(), path("begin", "review", "done"))

    assert rules(play.move(target)) == [("other_kind", "review")]


def test_an_element_in_another_scope_cannot_take_a_token() -> None:
    play = Migrating(straight("review"))
    inner = start("b2") + user("review") + end("e2") + path("b2", "review", "e2")
    target = diagram(start(), subprocess("part", inner), end(), path("begin", "part", "done"))

    assert rules(play.move(target)) == [("other_scope", "review")]


def test_a_renamed_subprocess_takes_what_is_inside_it_along() -> None:
    def drawn(name: str, *tasks: str) -> bytes:
        inner = start("b2") + "".join(map(user, tasks)) + end("e2") + path("b2", *tasks, "e2")
        return diagram(start(), subprocess(name, inner), end(), path("begin", name, "done"))

    play = Migrating(drawn("part", "pick", "pack"))

    assert rules(play.move(drawn("stage", "pick", "wrap", "pack"))) == [("gone", "part")]
    assert play.move(drawn("stage", "pick", "wrap", "pack"), part="stage").obstacles == ()
    for one in ("pick", "wrap", "pack"):
        play.complete(one)
    assert play.ended


LATE = boundary("late", "review", timer(duration="PT5H"), interrupting=False) + user("hurry")
LATE += flow("late", "hurry")


def test_a_boundary_timer_keeps_its_due_time() -> None:
    play = Migrating(straight("review", beside=LATE))
    play.stage.time += HOUR
    due = dict(play.timers)

    longer = LATE.replace("PT5H", "PT9H")
    assert play.move(straight("review", "pay", beside=longer)).obstacles == ()

    assert play.timers == due
    play.wait(4 * HOUR)
    assert play.at == ["hurry", "review"]


def test_a_boundary_event_of_the_new_version_begins_to_listen() -> None:
    play = Migrating(straight("review"))
    play.stage.time += HOUR

    moved = play.move(straight("review", beside=LATE))

    assert [one.id for one in moved.added] == ["late"]
    assert list(play.timers.values()) == [NOON + 6 * HOUR]
    play.complete("review")
    assert play.ended


def test_a_boundary_event_that_is_gone_stops_listening_and_comes_back_with_its_time() -> None:
    first, second = straight("review", beside=LATE), straight("review")
    play = Migrating(first)
    due = sorted(play.timers.values())
    play.stage.time += HOUR

    moved = play.move(second)
    assert [one.id for one in moved.withdrawn] == ["late"]
    assert play.timers == {}

    play.stage.time += HOUR
    assert play.move(first, moved.memory).obstacles == ()
    assert sorted(play.timers.values()) == due


def test_a_boundary_event_that_has_fired_does_not_listen_again() -> None:
    first, second = straight("review", beside=LATE), straight("review", "pay", beside=LATE)
    play = Migrating(first)
    play.wait(5 * HOUR)
    assert play.at == ["hurry", "review"]

    moved = play.move(second)
    assert play.timers == {}
    play.move(first, moved.memory)
    assert play.timers == {}


def test_a_fired_event_stays_quiet_on_the_way_through_a_version_without_it() -> None:
    first, second = straight("review", beside=LATE), straight("review", beside=user("hurry"))
    play = Migrating(first)
    play.wait(5 * HOUR)
    play.complete("hurry")

    moved = play.move(second)
    play.move(first, moved.memory)

    assert play.timers == {}
    assert play.at == ["review"]


def waiting(name: str, key: str = "number") -> bytes:
    definition = message("m", name, key)
    return diagram(
        start(),
        catch("wait", on("message", "m")),
        end(),
        path("begin", "wait", "done"),
        definitions=[definition],
    )


def test_a_message_that_is_called_otherwise_is_awaited_by_its_new_name() -> None:
    play = Migrating(waiting("paid"), {"number": "N1", "order": "O9"})

    moved = play.move(waiting("payment", "order"))

    assert moved.obstacles == ()
    assert list(play.subscriptions.values()) == [("payment", "O9")]
    assert not play.deliver("paid", "N1")
    assert play.deliver("payment", "O9")
    assert play.ended


def test_a_key_that_cannot_be_told_is_an_obstacle() -> None:
    play = Migrating(waiting("paid"), {"number": "N1"})

    assert rules(play.move(waiting("paid", "order"))) == [("not_evaluated", "wait")]
    assert list(play.subscriptions.values()) == [("paid", "N1")]


def race(*events: str) -> bytes:
    definitions = [message("m_paid", "paid"), message("m_sent", "sent")]
    drawn = {
        "paid": catch("paid", on("message", "m_paid")),
        "sent": catch("sent", on("message", "m_sent")),
        "expired": catch("expired", timer(duration="P3D")),
    }
    return diagram(
        start(),
        node("eventBasedGateway", "wait_for"),
        *(drawn[one] for one in events),
        end(),
        path("begin", "wait_for"),
        *(path("wait_for", one) + path(one, "done") for one in events),
        definitions=definitions,
    )


def test_behind_an_event_gateway_events_come_and_go() -> None:
    play = Migrating(race("paid", "expired"))
    play.stage.time += HOUR

    moved = play.move(race("sent", "expired"))

    assert moved.obstacles == ()
    assert list(play.subscriptions.values()) == [("sent", None)]
    assert list(play.timers.values()) == [NOON + timedelta(days=3)]
    assert play.deliver("sent")
    assert play.ended


def watched(*names: str) -> bytes:
    definitions = [message(f"m_{one}", one) for one in ("cancel", "change")]
    watchers = "".join(
        event_subprocess(
            f"on_{one}",
            start(f"s_{one}", on("message", f"m_{one}"), isInterrupting="false"),
            user(f"do_{one}"),
            path(f"s_{one}", f"do_{one}"),
        )
        for one in names
    )
    return straight("review", beside=watchers, definitions=tuple(definitions))


def test_event_subprocesses_come_and_go() -> None:
    play = Migrating(watched("cancel"))

    moved = play.move(watched("change"))

    assert [one.id for one in moved.added] == ["on_change"]
    assert [one.id for one in moved.withdrawn] == ["on_cancel"]
    assert [name for name, _ in play.subscriptions.values()] == ["change"]
    assert play.deliver("change")
    assert play.at == ["do_change", "review"]
    play.move(watched("change", "cancel"))
    assert sorted(name for name, _ in play.subscriptions.values()) == ["cancel", "change"]


def branches(*ids: str, meet: str = "meet") -> bytes:
    return diagram(
        start(),
        parallel("split"),
        *(user(one) for one in ids),
        parallel(meet),
        user("send"),
        end(),
        path("begin", "split"),
        *(flow("split", one) + flow(one, meet) for one in ids),
        path(meet, "send", "done"),
    )


def test_who_has_arrived_at_a_join_need_not_come_again() -> None:
    play = Migrating(branches("pack", "bill"))
    play.complete("pack")

    moved = play.move(branches("wrap", "bill", meet="gather"), pack="wrap", meet="gather")

    assert moved.obstacles == ()
    play.complete("bill")
    assert play.at == ["send"]


def test_a_branch_that_arrived_and_is_gone_is_an_obstacle() -> None:
    play = Migrating(branches("pack", "bill"))
    play.complete("pack")

    assert rules(play.move(branches("bill"))) == [("arrival_lost", "meet")]


def test_a_join_that_would_wait_for_ever_is_an_obstacle() -> None:
    play = Migrating(branches("pack", "bill"))
    play.complete("pack")

    assert rules(play.move(branches("pack", "bill", "insure"))) == [("never_joins", "meet")]


def test_a_join_with_nothing_left_to_wait_for_lets_go() -> None:
    target = diagram(
        start(),
        xor("split", default="split_to_pack"),
        user("pack"),
        user("bill"),
        parallel("meet"),
        user("send"),
        end(),
        path("begin", "split", "pack", "meet", "send", "done"),
        flow("split", "bill", when="false"),
        flow("bill", "done"),
    )
    play = Migrating(branches("pack", "bill"))
    play.complete("pack")

    assert play.move(target).obstacles == ()
    assert play.at == ["bill", "send"]


def rounds(*ids: str, results: str = "votes", sequential: bool = False) -> bytes:
    marker = each("roles", "role", results=results, result="vote", sequential=sequential)
    return diagram(start(), *(user(one, marker) for one in ids), end(), path("begin", *ids, "done"))


def test_rounds_go_on_with_what_was_collected() -> None:
    play = Migrating(rounds("sign"), {"roles": ["a", "b", "c"]})
    play.complete("sign", vote="yes")

    assert play.move(rounds("approve"), sign="approve").obstacles == ()
    play.complete("approve", vote="no")
    play.complete("approve", vote="no")

    assert play.ended
    assert play.variables["votes"] == ["yes", "no", "no"]


@pytest.mark.parametrize("changed", [{"results": "voices"}, {"sequential": True}])
def test_rounds_that_are_done_in_another_way_are_an_obstacle(changed: dict[str, Any]) -> None:
    play = Migrating(rounds("sign"), {"roles": ["a", "b"]})

    assert {rule for rule, _ in rules(play.move(rounds("sign", **changed)))} == {"rounds_differ"}


def calling(*inside: str, called: str = "q") -> bytes:
    return file(
        process(start(), call("part", called), end(), path("begin", "part", "done")),
        process(
            start("b2"), *(user(one) for one in inside), end("e2"), path("b2", *inside, "e2"),
            id=called,
        ),
    )  # fmt: skip


def test_a_called_process_goes_to_its_new_version_as_well() -> None:
    play = Migrating(calling("check"), {"n": 1})

    assert rules(play.move(calling("look", "sign"))) == [("gone", "check")]
    assert play.move(calling("look", "sign"), q__check="look").obstacles == ()
    play.complete("look", seen=True)
    assert play.at == ["sign"]
    play.complete("sign")
    assert play.ended
    assert play.variables == {"n": 1, "seen": True}


def test_a_called_process_that_is_no_longer_called_is_an_obstacle() -> None:
    play = Migrating(calling("check"))

    assert rules(play.move(calling("check", called="r"))) == [("process_gone", "part")]


def posting(handler: str, source: str = "amount") -> bytes:
    io = mapping(inputs=[(source, "sum")])
    return diagram(
        start(), service("post", handler, extension=io), end(), path("begin", "post", "done")
    )


def test_a_job_that_stays_the_same_goes_on_and_another_is_begun() -> None:
    given: list[Any] = []

    def later(call: Any) -> Any:
        given.append((call.handler, call.inputs))
        return PENDING

    play = Migrating(posting("post"), {"amount": 5}, stage=Stage({"post": later, "book": later}))

    assert play.move(posting("post")).restarted == ()
    assert given == [("post", {"sum": 5})]
    moved = play.move(posting("book", "amount * 2"))
    assert len(moved.restarted) == 1
    assert given[1:] == [("book", {"sum": 10})]
    assert play.at == ["post"]
    play.finish("post", id=7)
    assert play.ended


def test_what_failed_can_be_tried_again_in_the_version_that_mends_it() -> None:
    def choosing(condition: str) -> bytes:
        return diagram(
            start(),
            node("exclusiveGateway", "choose"),
            end(),
            end("other"),
            path("begin", "choose"),
            flow("choose", "done", when=condition),
            flow("choose", "other", when="false"),
        )

    play = Migrating(choosing("amount > 5"), {"amount": 2})
    assert play.failures

    assert play.move(choosing("amount > 1")).obstacles == ()
    play.retry("choose")

    assert play.ended


def booking(undo: str) -> bytes:
    return diagram(
        start(),
        user("book"),
        boundary("book_undo", "book", on("compensate")),
        user(undo, isForCompensation="true"),
        f'<bpmn:association id="a" sourceRef="book_undo" targetRef="{undo}"/>',
        user("think"),
        node("intermediateThrowEvent", "undo_all", on("compensate")),
        end(),
        path("begin", "book", "think", "undo_all", "done"),
    )


def test_what_a_compensation_would_undo_is_not_forgotten() -> None:
    play = Migrating(booking("unbook"))
    play.complete("book")

    assert rules(play.move(booking("free"))) == [("compensation_lost", "unbook")]
    assert play.move(booking("free"), unbook="free").obstacles == ()
    play.complete("think")
    assert play.at == ["free"]
    assert rules(play.move(booking("free"))) == [("compensating", "undo_all")] * 1 + [
        ("compensating", "free")
    ]


def test_two_elements_may_become_one_and_each_finds_its_way_back() -> None:
    first, second = branches("pack", "bill"), branches("work", "rest")
    play = Migrating(first)

    moved = play.move(second, pack="work", bill="work")
    assert sorted(token.element.id for token in play.live.tokens()) == ["work", "work"]

    assert play.move(first, moved.memory).obstacles == ()
    assert sorted(token.element.id for token in play.live.tokens()) == ["bill", "pack"]


def test_who_was_sent_back_comes_straight_again_in_the_new_version_as_well() -> None:
    play = Migrating(straight("enter", "review", "sign", "pay"))
    for one in ("enter", "review", "sign"):
        play.complete(one)
    token = next(iter(play.open))
    left = frozenset({"enter", "review", "sign"})
    way = play.live.way_back(token, "p", "enter", left, {})
    assert way is not None
    play.live.go_back(way, straight="pay")
    play.run()

    assert rules(play.move(straight("enter", "review", "settle"))) == [("gone", "pay")]
    assert play.move(straight("enter", "review", "settle"), pay="settle").obstacles == ()
    play.complete("enter")

    assert play.at == ["settle"]


def test_an_instance_that_goes_nowhere_is_left_as_it_was() -> None:
    play = Migrating(straight("review", "pay", beside=LATE), {"amount": 1})
    before = play.live.state()

    play.move(straight("other"))

    assert Live.restore(play.model, before).state() == play.live.state() == before
