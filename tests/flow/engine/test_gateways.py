"""Choices, splits and joins, drawn as gateways or as several flows out of a task."""

from __future__ import annotations

from tests.flow.engine.drawing import (
    boundary,
    diagram,
    end,
    flow,
    inclusive,
    node,
    parallel,
    path,
    start,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import Play


def test_a_choice_without_a_way_out_becomes_a_failure_that_can_be_tried_again() -> None:
    play = Play(
        diagram(
            start(),
            xor("which"),
            user("one"),
            user("two"),
            path("begin", "which"),
            flow("which", "one", when='way = "one"'),
            flow("which", "two", when='way = "two"'),
        )
    )
    assert list(play.failures.values()) == [
        "No outgoing flow's condition holds, and there is no default flow."
    ]
    assert not play.changes.dead

    play.live.merge_variables({"way": "two"})
    play.retry("which")

    assert play.at == ["two"]
    assert play.failures == {}


def test_all_branches_of_a_parallel_gateway_run_and_meet_again() -> None:
    play = Play(
        diagram(
            start(),
            parallel("split"),
            user("pack"),
            user("invoice"),
            parallel("meet"),
            user("send"),
            path("begin", "split", "pack", "meet", "send"),
            path("split", "invoice", "meet"),
        )
    )
    assert play.at == ["invoice", "pack"]

    play.complete("pack", box=3)
    assert play.at == ["invoice"]
    assert "meet" in play.standing
    play.complete("invoice", number="I-1")

    assert play.at == ["send"]
    assert play.variables == {"box": 3, "number": "I-1"}


def test_parallel_branches_see_each_others_writes() -> None:
    play = Play(
        diagram(
            start(),
            user("left"),
            user("right"),
            xor("known", default="no"),
            user("yes_it_is"),
            user("no_it_is_not"),
            flow("begin", "left"),
            flow("begin", "right"),
            path("right", "known"),
            flow("known", "yes_it_is", when="seen = true"),
            flow("known", "no_it_is_not", id="no"),
        )
    )

    play.complete("left", seen=True)
    play.complete("right")

    assert play.at == ["yes_it_is"]


def test_a_loop_into_a_parallel_gateway_waits_for_both_flows_each_time() -> None:
    play = Play(
        diagram(
            start(),
            xor("again"),
            parallel("split"),
            user("one"),
            user("two"),
            parallel("meet"),
            xor("enough", default="back"),
            end(),
            path("begin", "again", "split", "one", "meet", "enough"),
            path("split", "two", "meet"),
            flow("enough", "done", when="rounds >= 3"),
            flow("enough", "again", id="back"),
        )
    )

    for rounds in (1, 2):
        play.complete("one", rounds=rounds)
        assert play.at == ["two"]
        play.complete("two")
        assert play.at == ["one", "two"]
    play.complete("two")
    play.complete("one", rounds=3)

    assert play.ended


def test_an_inclusive_gateway_waits_only_for_what_can_still_come() -> None:
    play = Play(
        diagram(
            start(),
            inclusive("which"),
            user("check_credit"),
            user("check_stock"),
            user("check_price"),
            inclusive("meet"),
            user("decide"),
            path("begin", "which"),
            flow("which", "check_credit", when="credit"),
            flow("which", "check_stock", when="stock"),
            flow("which", "check_price", when="price"),
            path("check_credit", "meet", "decide"),
            path("check_stock", "meet"),
            path("check_price", "meet"),
        ),
        {"credit": True, "stock": True, "price": False},
    )
    assert play.at == ["check_credit", "check_stock"]

    play.complete("check_stock")
    assert play.at == ["check_credit"]
    play.complete("check_credit")

    assert play.at == ["decide"]


def test_an_inclusive_gateway_is_released_when_the_awaited_branch_goes_elsewhere() -> None:
    play = Play(
        diagram(
            start(),
            inclusive("split"),
            user("one"),
            user("two"),
            xor("sure", default="yes"),
            end("dropped"),
            inclusive("meet"),
            user("last"),
            path("begin", "split", "one", "meet", "last"),
            path("split", "two", "sure"),
            flow("sure", "meet", id="yes"),
            flow("sure", "dropped", when="sure = false"),
        )
    )

    play.complete("one")
    assert play.at == ["two"]
    play.complete("two", sure=False)

    assert play.at == ["last"]


def test_an_inclusive_gateway_does_not_wait_for_a_reminder_that_may_never_come() -> None:
    play = Play(
        diagram(
            start(),
            user("one"),
            user("two"),
            boundary("reminder", "two", timer("P1D"), interrupting=False),
            xor("again"),
            inclusive("meet"),
            user("last"),
            flow("begin", "one"),
            flow("begin", "two"),
            path("one", "again", "meet", "last"),
            path("two", "again"),
            path("reminder", "meet"),
        )
    )

    play.complete("one")

    assert play.at == ["last", "two"]


def test_a_join_that_can_never_be_complete_makes_the_instance_dead() -> None:
    play = Play(
        diagram(
            start(),
            xor("one_way", default="left"),
            user("a"),
            user("b"),
            parallel("meet"),
            end(),
            path("begin", "one_way"),
            flow("one_way", "a", id="left"),
            flow("one_way", "b", when="false"),
            path("a", "meet", "done"),
            path("b", "meet"),
        )
    )

    changes = play.complete("a")

    assert changes.dead
    assert not changes.ended


def test_several_flows_out_of_a_task_are_taken_all_or_by_their_conditions() -> None:
    play = Play(
        diagram(
            start(),
            node("userTask", "enter", default="otherwise"),
            user("always"),
            user("large"),
            user("plain"),
            path("begin", "enter", "always"),
            flow("enter", "large", when="amount > 100"),
            flow("enter", "plain", id="otherwise"),
        )
    )

    play.complete("enter", amount=500)

    assert play.at == ["always", "large"]


def test_the_default_flow_of_a_task_is_taken_when_no_condition_holds() -> None:
    play = Play(
        diagram(
            start(),
            node("userTask", "enter", default="otherwise"),
            user("large"),
            user("plain"),
            path("begin", "enter"),
            flow("enter", "large", when="amount > 100"),
            flow("enter", "plain", id="otherwise"),
        )
    )

    play.complete("enter", amount=5)

    assert play.at == ["plain"]
