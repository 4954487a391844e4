"""What an administrator, or a verb like returning and adding a signer, may do to running tokens."""

from __future__ import annotations

import uuid

import pytest

from jiedan.flow.engine import NothingWaits, StartRefused
from tests.flow.engine.drawing import (
    boundary,
    diagram,
    each,
    end,
    flow,
    parallel,
    path,
    start,
    subprocess,
    timer,
    user,
)
from tests.flow.engine.stage import Play

STEPS = diagram(
    start(),
    user("enter"),
    user("review"),
    boundary("late", "review", timer("P1D")),
    user("ship"),
    end(),
    path("begin", "enter", "review", "ship", "done"),
    flow("late", "ship"),
)


def test_a_token_moves_back_to_an_earlier_element() -> None:
    play = Play(STEPS)
    play.complete("enter", amount=5)

    play.live.move(play.waiting_ids("review")[0], "enter")
    play.run()

    assert play.at == ["enter"]
    assert play.timers == {}
    assert play.variables == {"amount": 5}
    play.complete("enter")
    play.complete("review")
    play.complete("ship")
    assert play.ended


def test_one_of_several_branches_moves_and_the_others_stay() -> None:
    play = Play(
        diagram(
            start(),
            parallel("split"),
            user("a1"),
            user("a2"),
            user("b"),
            parallel("meet"),
            end(),
            path("begin", "split", "a1", "a2", "meet", "done"),
            path("split", "b", "meet"),
        )
    )
    play.complete("a1")

    play.live.move(play.waiting_ids("a2")[0], "a1")
    play.run()
    assert play.at == ["a1", "b"]
    for name in ("a1", "a2", "b"):
        play.complete(name)

    assert play.ended


def test_moving_an_item_moves_its_whole_round() -> None:
    play = Play(
        diagram(
            start(),
            user("prepare"),
            user("sign", each("[1, 2, 3]")),
            path("begin", "prepare", "sign"),
        )
    )
    play.complete("prepare")

    play.live.move(play.waiting_ids("sign")[1], "prepare")
    play.run()

    assert play.at == ["prepare"]


@pytest.mark.parametrize("target", ["nowhere", "late"])
def test_a_token_cannot_move_to_what_is_no_place_for_it(target: str) -> None:
    play = Play(STEPS)

    with pytest.raises(StartRefused):
        play.live.move(play.waiting_ids("enter")[0], target)


def test_an_unknown_token_cannot_be_moved() -> None:
    with pytest.raises(NothingWaits):
        Play(STEPS).live.move(uuid.uuid4(), "enter")


def test_cancelling_the_last_token_of_a_subprocess_lets_the_process_go_on() -> None:
    play = Play(
        diagram(
            start(),
            subprocess("inside", start("s1"), user("look"), path("s1", "look")),
            user("after"),
            path("begin", "inside", "after"),
        )
    )

    play.live.cancel_token(play.waiting_ids("look")[0])
    play.run()

    assert play.at == ["after"]


SIGNING = "signers", "signer"


def signing(*, sequential: bool = False, enough: str = "") -> bytes:
    marker = each(*SIGNING, results="votes", result="vote", sequential=sequential, enough=enough)
    return diagram(start(), user("sign", marker), user("after"), path("begin", "sign", "after"))


def body_id(play: Play) -> uuid.UUID:
    return next(
        one.task_id
        for one in play.live.tokens()
        if one.element.id == "sign" and one.mi_item is None
    )


def test_a_signer_is_added_to_a_running_round() -> None:
    play = Play(signing(), {"signers": ["a", "b"]})

    play.live.add_item(body_id(play), "c")
    play.run()
    assert play.at == ["sign", "sign", "sign"]
    for vote in (1, 2, 3):
        play.complete("sign", vote=vote)

    assert play.at == ["after"]
    assert play.variables["votes"] == [1, 2, 3]


def test_a_signer_is_added_to_a_round_that_goes_one_by_one() -> None:
    play = Play(signing(sequential=True), {"signers": ["a"]})

    play.live.add_item(body_id(play), "b")
    play.run()
    play.complete("sign", vote=1)
    assert play.live.variables(play.waiting_ids("sign")[0])["signer"] == "b"
    play.complete("sign", vote=2)

    assert play.variables["votes"] == [1, 2]


def test_a_signer_is_removed_and_nobody_waits_for_the_vote() -> None:
    play = Play(signing(), {"signers": ["a", "b", "c"]})
    play.complete("sign", vote=1)

    play.live.cancel_token(play.waiting_ids("sign")[0])
    play.run()
    assert play.at == ["sign"]
    play.complete("sign", vote=3)

    assert play.at == ["after"]
    assert play.variables["votes"] == [1, None, 3]


def test_a_removed_signer_does_not_count_among_those_who_vote() -> None:
    enough = "numberOfCompletedInstances >= numberOfInstances / 2"
    play = Play(signing(enough=enough), {"signers": ["a", "b", "c", "d"]})
    for _ in range(2):
        play.live.cancel_token(play.waiting_ids("sign")[0])
        play.run()

    play.complete("sign", vote="yes")

    assert play.at == ["after"]


def test_removing_the_last_open_signer_ends_the_round() -> None:
    play = Play(signing(), {"signers": ["a", "b"]})
    play.complete("sign", vote=1)

    play.live.cancel_token(play.waiting_ids("sign")[0])
    play.run()

    assert play.at == ["after"]


def test_only_a_running_round_takes_more_items() -> None:
    play = Play(STEPS)

    with pytest.raises(NothingWaits):
        play.live.add_item(play.waiting_ids("enter")[0], "x")
