"""An instance's size and its work per step do not grow with its history."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from jiedan.flow.engine import Live, compile_model
from jiedan.flow.engine.elements import bodies
from jiedan.flow.engine.values import NestedTooDeep
from tests.flow.engine.drawing import (
    boundary,
    call,
    diagram,
    each,
    end,
    file,
    flow,
    node,
    on,
    parallel,
    path,
    process,
    script,
    start,
    subprocess,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import Play, Stage

LOOP = (
    start(),
    xor("again"),
    user("work"),
    script("count", "n + 1", "n"),
    xor("enough", default="out"),
    end(),
    path("begin", "again", "work", "count", "enough"),
    flow("enough", "again", when="n < total"),
    flow("enough", "done", id="out"),
)


def counted(run: Callable[[], Any]) -> int:
    """How many Python functions a piece of work calls: a clock that no other load disturbs."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def test_a_loop_of_five_thousand_turns_stays_as_small_and_as_quick_as_at_its_first() -> None:
    model = compile_model({"p": diagram(*LOOP)}, "p")
    stage = Stage()
    live = Live.start(model, {"n": 10_000, "total": 15_000}, stage)
    task_id = live.changes().opened[0].task_id
    sizes, efforts = [], []

    for turn in range(5_000):

        def step(task_id: Any = task_id) -> None:
            live.complete_task(task_id, {"answer": "yes"})
            live.run(stage)
            live.state()

        if turn in (10, 4_990):
            efforts.append(counted(step))
            sizes.append((len(live.state()), len(live._instance.tasks)))
        else:
            step()
        changes = live.changes()
        if turn < 4_999:
            task_id = changes.opened[0].task_id

    assert live.ended
    assert live.variables()["n"] == 15_000
    assert sizes[0] == sizes[1]
    assert sizes[0][1] == 1
    assert efforts[0] == efforts[1]


@pytest.mark.parametrize("around", ["subprocess", "called process", "parallel branch"])
def test_a_loop_stays_small_wherever_it_runs(around: str) -> None:
    inner = "".join(LOOP)
    if around == "subprocess":
        xml = diagram(start("b"), subprocess("inside", inner), end("e"), path("b", "inside", "e"))
        files = {"p": xml}
    elif around == "called process":
        files = {
            "p": diagram(start("b"), call("inside", "q"), end("e"), path("b", "inside", "e")),
            "q": file(process(inner, id="q")),
        }
    else:
        more = parallel("split") + user("other") + flow("split", "other") + flow("split", "again")
        files = {"p": diagram(inner.replace('targetRef="again"', 'targetRef="split"', 1), more)}
    play = Play(compile_model(files, "p"), {"n": 100, "total": 400})
    sizes = set()

    while "work" in play.at:
        play.complete("work")
        if "work" in play.at:
            tokens = [play.live._instance, *play.live._instance.subprocesses.values()]
            sizes.add(sum(len(one.tasks) for one in tokens))

    assert len(sizes) == 1
    assert play.trace.count("work") == 300


def test_an_automatic_loop_of_five_thousand_turns_runs_in_one_step() -> None:
    xml = diagram(
        start(),
        xor("again"),
        script("count", "n + 1", "n"),
        xor("enough", default="out"),
        end(),
        path("begin", "again", "count", "enough"),
        flow("enough", "again", when="n < 5000"),
        flow("enough", "done", id="out"),
    )

    live = Live.start(compile_model({"p": xml}, "p"), {"n": 0}, Stage())

    assert live.ended
    assert live.changes().steps == 15_002


def test_a_thousand_parallel_branches_run_and_meet() -> None:
    names = [f"branch_{number}" for number in range(1_000)]
    play = Play(
        diagram(
            start(),
            parallel("split"),
            *[user(name) for name in names],
            parallel("meet"),
            end(),
            path("begin", "split"),
            *[path("split", name, "meet") for name in names],
            path("meet", "done"),
        ),
        saving=False,
    )
    assert len(play.open) == 1_000
    saved = play.live.state()

    live = Live.restore(play.model, saved)
    for task_id in play.open:
        live.complete_task(task_id, {})
        live.run(play.stage)

    assert live.ended


def test_what_waits_at_an_activity_costs_nothing_once_it_is_over() -> None:
    play = Play(
        diagram(
            start(),
            xor("again"),
            user("work"),
            boundary("late", "work", timer("P1D")),
            boundary("note", "work", on("message", "m_note"), interrupting=False),
            end("late_end"),
            end("note_end"),
            path("begin", "again", "work", "again"),
            path("late", "late_end"),
            path("note", "note_end"),
            definitions=[node("message", "m_note", name="note")],
        )
    )
    size = len(play.live.state())

    for _ in range(50):
        play.complete("work")

    assert len(play.live.state()) == size
    assert (len(play.timers), len(play.subscriptions)) == (1, 1)


def test_rounds_inside_rounds_stop_before_they_eat_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "MAX_TOKENS", 500)
    many = "for i in 1..40 return i"
    inner = subprocess("inner", each(many), start("s2"), user("work"), path("s2", "work"))
    outer = subprocess("outer", each(many), start("s1"), inner, path("s1", "inner"))

    live = Live.start(
        compile_model({"p": diagram(start(), outer, path("begin", "outer"))}, "p"), {}, Stage()
    )

    changes = live.changes()
    assert {one.message for one in changes.failures} == {"The collection has too many items."}
    assert live._instance.alive <= 1_200
    assert not changes.dead


def test_variables_nested_without_end_are_refused_at_the_door() -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]

    with pytest.raises(NestedTooDeep):
        Play(diagram(start(), user("look"), path("begin", "look")), {"deep": deep})
