"""Owns what an admin mends by hand: tokens moved or taken away, items added, variables set."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.work import Work
from jiedan.flow.admin import admin_step
from jiedan.flow.current import bundle_of
from jiedan.flow.delivery import go
from jiedan.flow.engine import ElementRef, NothingWaits, StartRefused
from jiedan.flow.errors import ElementNotFound, TokenGone
from jiedan.flow.handlers import plain
from jiedan.flow.history import write_note
from jiedan.flow.instance import load_instance
from jiedan.flow.opening import live_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.step import Step


@dataclass(frozen=True, slots=True)
class Spot:
    """An element of the diagram by name."""

    element_id: str
    name: str
    name_en: str
    kind: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A token, and what an admin can do with it."""

    token_id: UUID
    process_id: str
    spot: Spot
    state: str
    """ready, waiting, failed, or inside: what is in it runs."""
    inside_of: UUID | None
    """The token of the subprocess, called process or repeated activity around it."""
    item: int | None
    """Which round of a repeated activity, from 1."""
    depth: int
    places: tuple[Spot, ...]
    """Where it may be moved to."""
    takes_items: bool
    variables: Mapping[str, Any]
    """Its own, beside those of the instance."""


def list_tokens(flow: Flow, *, instance_id: UUID) -> tuple[Standing, ...]:
    """Where a running instance stands, outer tokens before what is in them.

    Raises InstanceNotFound, InstanceUnreadable.
    """
    with flow.platform.read() as session:
        instance = load_instance(session, instance_id)
        live = live_of(flow, session, instance)
        if live is None:
            return ()
        bundle = bundle_of(session, flow, instance.bundle_id)

        def spot(ref: ElementRef) -> Spot:
            info = bundle.element(ref.process_id, ref.id)
            name, name_en = (ref.name, "") if info is None else (info.name, info.name_en)
            return Spot(ref.id, name or ref.id, name_en, ref.kind)

        tokens = live.tokens()
        around = {token.task_id: token.parent_id for token in tokens}
        shared = live.variables()
        found = []
        for token in tokens:
            seen = live.variables(token.task_id)
            own = {name: value for name, value in seen.items() if shared.get(name) != value}
            found.append(
                Standing(
                    token_id=token.task_id,
                    process_id=token.process_id,
                    spot=spot(token.element),
                    state=token.state,
                    inside_of=token.parent_id,
                    item=None if token.mi_item is None else token.mi_item.index + 1,
                    depth=_depth(around, token.task_id),
                    places=tuple(spot(ref) for ref in live.places(token.task_id)),
                    takes_items=live.takes_items(token.task_id),
                    variables=own,
                )
            )
    return tuple(_nested(found))


def move_token(
    flow: Flow, *, actor: Actor, instance_id: UUID, token_id: UUID, element_id: str, reason: str
) -> None:
    """Go on at another element of the same (sub)process; what is inside the token is cancelled.

    Raises TokenGone, ElementNotFound, InstanceSuspended, InstanceOver, NotAllowed, ReasonMissing.
    """
    with _running(flow, actor, instance_id, reason) as (work, step):
        ref = _where(step, token_id)
        try:
            step.live.move(token_id, element_id)
        except StartRefused as error:
            raise ElementNotFound(element=element_id[:80]) from error
        _tell(
            work,
            step,
            "moved",
            ref,
            reason,
            before={"at": ref.id},
            after={"at": element_id},
            detail={"from": ref.name or ref.id, "to": _name(step, ref.process_id, element_id)},
        )
        go(step)


def cancel_token(
    flow: Flow, *, actor: Actor, instance_id: UUID, token_id: UUID, reason: str
) -> None:
    """Take a token away; the (sub)process ends with its last one. A round needs no result.

    Raises TokenGone, InstanceSuspended, InstanceOver, NotAllowed, ReasonMissing.
    """
    with _running(flow, actor, instance_id, reason) as (work, step):
        ref = _where(step, token_id)
        step.live.cancel_token(token_id)
        _tell(work, step, "token_cancelled", ref, reason, before={"at": ref.id}, after=None)
        go(step)


def add_item(
    flow: Flow, *, actor: Actor, instance_id: UUID, token_id: UUID, value: Any, reason: str
) -> None:
    """Give a repeated activity one more round over `value`.

    Raises TokenGone, InstanceSuspended, InstanceOver, NotAllowed, ReasonMissing.
    """
    with _running(flow, actor, instance_id, reason) as (work, step):
        ref = _where(step, token_id)
        step.live.add_item(token_id, plain(value))
        _tell(work, step, "item_added", ref, reason, before=None, after={"value": plain(value)})
        go(step)


def set_variables(
    flow: Flow,
    *,
    actor: Actor,
    instance_id: UUID,
    variables: Mapping[str, Any],
    token_id: UUID | None = None,
    reason: str,
) -> None:
    """Set variables of an instance, or as one of its tokens sees them; the others stay.

    Raises TokenGone, InstanceOver, NotAllowed, ReasonMissing.
    """
    with admin_step(flow, actor, instance_id, reason) as (work, step), _token_errors(token_id):
        ref = None if token_id is None else _where(step, token_id)
        known = step.live.variables(token_id)
        fresh: dict[str, Any] = plain(dict(variables))
        changed = {name: value for name, value in fresh.items() if known.get(name) != value}
        step.live.merge_variables(changed, token_id)
        _tell(
            work,
            step,
            "variables",
            ref,
            reason,
            before={name: known.get(name) for name in changed},
            after=changed,
            detail={"variables": sorted(changed)},
        )
        if step.instance.state is InstanceState.SUSPENDED:
            step.save()
        else:
            go(step)


@contextmanager
def _running(
    flow: Flow, actor: Actor, instance_id: UUID, reason: str
) -> Iterator[tuple[Work, Step]]:
    with admin_step(flow, actor, instance_id, reason) as (work, step), _token_errors(None):
        step.instance.must_be_running()
        yield work, step


@contextmanager
def _token_errors(token_id: UUID | None) -> Iterator[None]:
    try:
        yield
    except NothingWaits as error:
        raise TokenGone from error


def _where(step: Step, token_id: UUID) -> ElementRef:
    for token in step.live.tokens():
        if token.task_id == token_id:
            return token.element
    raise TokenGone


def _tell(
    work: Work,
    step: Step,
    kind: str,
    ref: ElementRef | None,
    reason: str,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    write_note(
        work,
        instance_id=step.instance.id,
        kind=kind,
        process_id="" if ref is None else ref.process_id,
        element_id="" if ref is None else ref.id,
        note=reason.strip(),
        detail=detail,
    )
    audit.record(
        work,
        action=f"instance.{kind}",
        entity=f"instance:{step.instance.id}",
        before=before,
        after={**(after or {}), "reason": reason.strip()},
    )


def _name(step: Step, process_id: str, element_id: str) -> str:
    info = step.bundle.element(process_id, element_id)
    return element_id if info is None else info.name or element_id


def _depth(around: Mapping[UUID, UUID | None], token_id: UUID) -> int:
    depth, outer = 0, around.get(token_id)
    while outer is not None:
        depth, outer = depth + 1, around.get(outer)
    return depth


def _nested(found: list[Standing]) -> Iterator[Standing]:
    """Each token followed by what is inside it."""
    inside: dict[UUID | None, list[Standing]] = {}
    known = {one.token_id for one in found}
    for one in found:
        outer = one.inside_of if one.inside_of in known else None
        inside.setdefault(outer, []).append(one)
    waiting = list(reversed(inside.get(None, [])))
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(inside.get(one.token_id, [])))
