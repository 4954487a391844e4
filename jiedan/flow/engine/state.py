"""The stored form of a running instance: a few lists; `formats` wraps them and numbers the form.

`{"r": root process, "v": variables, "t": tokens, "k": what compensation would undo,
"s": what runs inside tokens}`; a token is
`[id, element, state, parent, internal, own variables]`, where the parent is the number of an
earlier token of the same list, from 1, and own variables are `[values, barrier]`;
each entry of "s" is `{"i": token, "v": variables, "t": tokens}` with "g", the
variables given to a called process.
Times are ISO text in UTC. Neither the specification nor finished or predicted tasks are stored.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jiedan.flow.engine.elements.bodies import CallActivity, Containing
from jiedan.flow.engine.elements.throwing import handler_scope
from jiedan.flow.engine.errors import StateUnreadable
from jiedan.flow.engine.formats import decode, encode
from jiedan.flow.engine.instance import Instance
from jiedan.flow.engine.model import ProcessModel
from jiedan.flow.engine.tokens import READY, WAITING, SubInstance, TokenTask, Workflow
from jiedan.flow.engine.values import Scope


def dump(instance: Instance) -> bytes:
    """Save an instance between two steps."""
    stored: dict[str, Any] = {
        "r": instance.spec.name,
        "v": instance.scope.values,
        "t": _dump_tokens(instance),
    }
    if instance.undo:
        stored["k"] = instance.undo
    if instance.subprocesses:
        stored["s"] = [_dump_inside(inner) for inner in instance.subprocesses.values()]
    return encode(stored)


def _dump_tokens(workflow: Workflow) -> list[Any]:
    shared = workflow.scope
    rows: list[Any] = []
    for place, task in enumerate(workflow.tasks.values(), 1):
        task.place = place
        row = task.row
        if row is None:
            row = task.row = [task.id.hex, "", 0, 0, task.internal_data, 0]
        row[1] = task.task_spec.name
        row[2] = task._state
        row[3] = 0 if task.held_by is None else task.held_by.place
        scope = task.scope
        if scope is shared:
            row[5] = 0
        elif row[5] == 0 or row[5][0] is not scope.values:
            row[5] = [scope.values, scope.barrier]
        rows.append(row)
    return rows


def _dump_inside(inner: Workflow) -> dict[str, Any]:
    scope, task = inner.scope, inner.parent_task
    dumped: dict[str, Any] = {"i": task.id.hex, "v": scope.values, "t": _dump_tokens(inner)}
    if "c" in task.internal_data:
        dumped["g"] = scope.parent.values
    if inner.early_end is not None:
        dumped["e"] = 1
    if inner.undo:
        dumped["k"] = inner.undo
    return dumped


def load(model: ProcessModel, state: bytes) -> Instance:
    """Bring an instance back. Raises StateUnreadable."""
    stored = decode(state)
    try:
        instance = Instance(model, model.processes[stored["r"]])
        instance.scope.values = stored["v"]
        instance.undo = stored.get("k", [])
        index: dict[str, TokenTask] = {}
        _load_tokens(instance, stored["t"], index)
        for inside in stored.get("s", ()):
            # A workflow stands before those inside it: it was there first.
            _load_inside(instance, inside, index)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as problem:
        raise StateUnreadable(f"{type(problem).__name__}: {problem}") from problem
    instance.completed = not stored["t"]
    return instance


def _load_tokens(workflow: Workflow, stored: list[Any], index: dict[str, TokenTask]) -> None:
    top = workflow.top_workflow
    specs = workflow.spec.task_specs
    rows: list[TokenTask] = []
    for task_id, name, state, place, internal, own in stored:
        parent = rows[place - 1] if place else None
        spec = specs.get(name)
        if "undoes" in internal:
            spec = handler_scope(workflow, "up" in internal).lookup(name, internal["undoes"])
        elif spec is None:
            raise StateUnreadable(f"there is no element {name}")
        scope = workflow.scope
        if own:
            scope = Scope(own[0], parent.scope if spec.is_item else scope, own[1])
        task = TokenTask(workflow, spec, parent, state, UUID(hex=task_id), scope)
        index[task_id] = task
        rows.append(task)
        top.alive += 1
        task.internal_data = internal
        task.entered = "l" not in internal
        task.announced = True
        if not task.passive:
            workflow.tokens += 1
        if state == WAITING and "a" in internal:
            workflow.joins[name] = task
        if state == READY:
            top.agenda.append(task)
        if "wait" in internal:
            top.waiting[task.id] = task
            if internal["wait"] == "condition":
                top.conditions[task.id] = task


def _load_inside(top: Instance, inside: dict[str, Any], index: dict[str, TokenTask]) -> None:
    task = index[inside["i"]]
    spec = task.task_spec
    if isinstance(spec, CallActivity):
        inner_spec = top.model.processes[task.internal_data["c"]]
        scope = Scope(inside["v"], Scope(inside["g"]), barrier=True)
    elif isinstance(spec, Containing):
        inner_spec, scope = spec.inner, Scope(inside["v"], task.scope)
    else:
        raise StateUnreadable(f"{spec.name} has nothing inside")
    inner = SubInstance(inner_spec, task, scope)
    inner.undo = inside.get("k", [])
    if "e" in inside:
        inner.early_end = spec
    top.subprocesses[task.id] = inner
    _load_tokens(inner, inside["t"], index)
