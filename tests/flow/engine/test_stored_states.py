"""States that an earlier release stored must load and finish: each is kept here for ever.

`stored/<name>.bpmn` is the diagram, `stored/<name>.json` holds states by format number: the bytes
as base64 and the moves that finish the instance. To keep a new format, add an entry; never change
an old one.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from jiedan.flow.engine import Live, StateUnreadable, compile_model
from jiedan.flow.engine.state import FORMAT
from tests.flow.engine.stage import PENDING, Stage

FOLDER = Path(__file__).parent / "stored"
NAMES = sorted(one.stem for one in FOLDER.glob("*.json"))


def stories() -> list[tuple[str, str]]:
    return [
        (name, number)
        for name in NAMES
        for number in json.loads((FOLDER / f"{name}.json").read_text())
    ]


def move(live: Live, act: list[Any]) -> None:
    """Do one recorded move: complete an element, deliver a message, finish a job, pass time."""
    kind, name, variables = act
    ids = [token.task_id for token in live.tokens() if token.element.id == name]
    if kind == "complete":
        waiting = [one for one in ids if one in live._instance.waiting]
        live.complete_task(waiting[0], variables)
    elif kind == "finish":
        live.finish_job(ids[0], variables)
    elif kind == "deliver":
        assert live.deliver(name, None, variables)
    else:
        due = live.next_timer()
        assert due is not None
        live.fire_timers(due)


@pytest.mark.parametrize(("name", "number"), stories())
def test_a_stored_state_loads_and_finishes(name: str, number: str) -> None:
    model = compile_model({name: (FOLDER / f"{name}.bpmn").read_bytes()}, "p")
    story = json.loads((FOLDER / f"{name}.json").read_text())[number]
    stage = Stage({"post": lambda call: PENDING})

    live = Live.restore(model, base64.b64decode(story["state"]))
    for act in story["moves"]:
        move(live, act)
        live.run(stage)

    assert live.ended
    assert live.variables() == story["variables"]


def test_every_story_has_a_state_of_the_present_format() -> None:
    for name in NAMES:
        assert str(FORMAT) in json.loads((FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize(
    "state",
    [b"", b"\0", b"\0{}", b"\1garbage", b'\0{"f":999}', b"\2abc", b'\0{"f":1,"r":"other","v":{}}'],
)
def test_what_is_no_state_is_refused(state: bytes) -> None:
    model = compile_model({"p": (FOLDER / f"{NAMES[0]}.bpmn").read_bytes()}, "p")

    with pytest.raises(StateUnreadable):
        Live.restore(model, state)
