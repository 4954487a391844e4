"""States that an earlier release stored must load and finish: each is kept here for ever.

`stored/<name>.bpmn` is the diagram, `stored/<name>.json` holds states by format number: the bytes
as base64 and the moves that finish the instance; `stored/beginnings.toml` says how the instance
came there. To keep a new format, add an entry (`python -m tests.flow.engine.test_stored_states`
writes it); never change an old one.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
import zlib
from pathlib import Path
from typing import Any

import pytest

from jiedan.flow.engine import Live, ProcessModel, StateUnreadable, compile_model
from jiedan.flow.engine.formats import FORMAT, STEPS, bring_forward, decode
from tests.flow.engine.stage import PENDING, Stage

FOLDER = Path(__file__).parent / "stored"
NAMES = sorted(one.stem for one in FOLDER.glob("*.json"))
BEGINNINGS = tomllib.loads((FOLDER / "beginnings.toml").read_text())


def stories() -> list[tuple[str, str]]:
    return [
        (name, number)
        for name in NAMES
        for number in json.loads((FOLDER / f"{name}.json").read_text())
    ]


def model_of(name: str) -> ProcessModel:
    return compile_model({name: (FOLDER / f"{name}.bpmn").read_bytes()}, "p")


def stories_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def begun(name: str) -> bytes:
    """The state of an instance that has come as far as the stored one."""
    beginning, stage = BEGINNINGS[name], Stage({"post": lambda call: PENDING})
    live = Live.start(model_of(name), json.loads(beginning["variables"]), stage)
    for act in json.loads(beginning["moves"]):
        move(live, act)
        live.run(stage)
    return live.state()


def without_ids(document: Any) -> Any:
    """The document with each token's id replaced by the number of its first appearance."""
    text, known = json.dumps(document), {}
    return json.loads(
        re.sub(
            r"[0-9a-f]{32}",
            lambda found: known.setdefault(found[0], f"token {len(known)}"),
            text,
        )
    )


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
    story = stories_of(name)[number]
    stage = Stage({"post": lambda call: PENDING})

    live = Live.restore(model_of(name), base64.b64decode(story["state"]))
    for act in story["moves"]:
        move(live, act)
        live.run(stage)

    assert live.ended
    assert live.variables() == story["variables"]


def test_every_story_has_a_state_of_every_format() -> None:
    for name in NAMES:
        assert list(stories_of(name)) == [str(number) for number in range(1, FORMAT + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_changes_only_with_a_new_format_number(name: str) -> None:
    kept = base64.b64decode(stories_of(name)[str(FORMAT)]["state"])
    fresh = begun(name)

    assert without_ids(decode(kept)) == without_ids(decode(fresh))
    assert kept[:2] == fresh[:2], "the wrapping has changed"


@pytest.mark.parametrize("name", NAMES)
def test_all_formats_come_to_the_same_document(name: str) -> None:
    documents = [
        without_ids(decode(base64.b64decode(story["state"]))) for story in stories_of(name).values()
    ]

    assert all(one == documents[-1] for one in documents)


def test_every_format_has_a_step_to_the_next() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))


def test_an_old_state_goes_through_every_step_in_order() -> None:
    steps = {
        1: lambda document: {**document, "seen": [*document["seen"], 1]},
        2: lambda document: {**document, "seen": [*document["seen"], 2]},
        3: lambda document: {**document, "seen": [*document["seen"], 3]},
    }

    assert bring_forward({"seen": []}, 2, to=4, steps=steps) == {"seen": [2, 3]}
    with pytest.raises(StateUnreadable, match="format 4 is not known"):
        bring_forward({"seen": []}, 1, to=5, steps=steps)


def test_a_state_of_a_newer_release_is_refused_by_its_number() -> None:
    with pytest.raises(StateUnreadable, match=f"format {FORMAT + 5}, this one reads up to"):
        Live.restore(model_of(NAMES[0]), bytes((FORMAT + 5,)) + b"whatever it may be")


@pytest.mark.parametrize("name", NAMES)
def test_no_damaged_byte_goes_unnoticed(name: str) -> None:
    model, state = model_of(name), begun(name)

    for at in range(len(state)):
        damaged = state[:at] + bytes((state[at] ^ 0x20,)) + state[at + 1 :]
        with pytest.raises(StateUnreadable):
            Live.restore(model, damaged)
    for length in range(len(state)):
        with pytest.raises(StateUnreadable):
            Live.restore(model, state[:length])


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"\0",
        b"\0{}",
        b"\0[]",
        b"\1garbage",
        b'\0{"f":999}',
        b'\0{"f":1,"r":"other","v":{}}',
        b"\2abc",
        b"\2\7" + zlib.crc32(b"{}").to_bytes(4, "big") + b"{}",
        b"\2\0" + zlib.crc32(b"[]").to_bytes(4, "big") + b"[]",
        b"\2\0" + zlib.crc32(b"{}").to_bytes(4, "big") + b"{}",
    ],
)
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(StateUnreadable):
        Live.restore(model_of(NAMES[0]), state)


def keep_this_format() -> None:
    """Add a state of the present format to every story."""
    for name in NAMES:
        stories = stories_of(name)
        latest = stories[max(stories, key=int)]
        state = base64.b64encode(begun(name)).decode()
        stories.setdefault(str(FORMAT), {**latest, "state": state})
        (FOLDER / f"{name}.json").write_text(json.dumps(stories, indent=2) + "\n")


if __name__ == "__main__":
    keep_this_format()
