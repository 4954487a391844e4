"""Owns added signers: before, after, beside; and taking them away again."""

from __future__ import annotations

from typing import get_args
from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.errors import Invalid
from jiedan.core.ids import new_id
from jiedan.flow.access import load_task, standing_in
from jiedan.flow.errors import TaskNotFound
from jiedan.flow.owners import names_of
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.acting import NAMES, Acting, acting, receiver
from jiedan.flow.verbs.deciding import settle
from jiedan.flow.verbs.errors import (
    NobodyNamed,
    SignerStays,
    TooManySigners,
    VerbNotAllowed,
)
from jiedan.flow.verbs.handing import place_after, resettle, seated, tell
from jiedan.flow.verbs.results import Seat, SignersView, SignMode, VerbDone
from jiedan.flow.verbs.seats import add_seat, load_tree, states_of
from jiedan.flow.verbs.tree import Node, State, Tree, absent, decided, subtree, voices

ADDED = "%(by)s asks you to sign %(task)s of %(number)s."
HOWS = ("before", "after", "beside")


class UnknownWay(Invalid):
    """Signers are added before, after or beside, and decide all, any or in turn."""


@again_if_undone
def add_signers(
    flow: Flow,
    *,
    actor: Actor,
    task_id: UUID,
    people: tuple[str, ...],
    how: str,
    mode: SignMode = "all",
    reason: str = "",
    version: int | None = None,
) -> VerbDone:
    """加签: `how` is before, after or beside; `mode` says how many of the added ones must agree.

    Before: they decide first, then the task comes back; their refusal is the actor's. After: when
    the actor has agreed, they decide. Beside: they sign at the same time with a voice of their
    own. Whoever was added may add others in the same way.
    """
    if how not in HOWS or mode not in get_args(SignMode):
        raise UnknownWay
    chosen = tuple(dict.fromkeys(one.strip() for one in people if one.strip()))
    if not chosen:
        raise NobodyNamed
    with acting(
        flow, actor=actor, task_id=task_id, verb=f"add_{how}", reason=reason, version=version
    ) as act:
        for login in chosen:
            receiver(act, login)
        task = seated(act)
        must_decide(act)
        tree = load_tree(act.work.session, task.token)
        there = 0 if tree is None else sum(not absent(node) for node in tree.nodes.values())
        if there + len(chosen) > act.settings.most_signers:
            raise TooManySigners(limit=act.settings.most_signers)
        set_id, place = new_id(), place_after(act)
        for number, login in enumerate(chosen):
            add_seat(
                act.step,
                task,
                login=login,
                set_id=set_id,
                parent_id=task.id,
                kind=how,
                mode=mode,
                place=place + number,
            )
        act.record("signers_added", how=how, mode=mode, to=list(chosen))
        resettle(act)
        tell(act, chosen, ADDED)
    return act.done()


@again_if_undone
def remove_signer(
    flow: Flow, *, actor: Actor, task_id: UUID, seat_id: UUID, reason: str = ""
) -> VerbDone:
    """减签: take a signer (or a delegate) away who has not answered yet, with those he added.

    `task_id` is any task of the step that concerns the actor, `seat_id` the seat's task. Raises
    SignerStays unless the actor, or somebody he added, added that one.
    """
    with acting(
        flow,
        actor=actor,
        task_id=task_id,
        verb="remove_signer",
        reason=reason,
        must_hold=False,
    ) as act:
        tree = load_tree(act.work.session, act.task.token)
        node = None if tree is None else tree.nodes.get(seat_id)
        if tree is None or node is None or not may_remove(tree, node, act.work.actor, flow):
            raise SignerStays
        before = states_of(tree)
        gone = [one for one in subtree(node) if one.state.is_pending]
        for one in gone:
            one.state = State.REMOVED
        act.record("signer_removed", to=[one.row.assignee for one in gone])
        settle(act.step, act.task, act.settings, tree, before)
    return act.done()


def signers_of(flow: Flow, *, actor: Actor, task_id: UUID) -> SignersView | None:
    """All seats of the step that this task belongs to; None when one person does it alone."""
    with flow.platform.read() as session:
        task = load_task(session, task_id)
        actor = standing_in(session, flow, task, actor, flow.platform.clock.now())
        if not task.concerns(actor) and not actor.has(flow.admins):
            raise TaskNotFound
        tree = None if task.token_id is None else load_tree(session, task.token)
    if tree is None:
        return None
    heard = [one for one in voices(tree.root) if not absent(one)]
    said = [decided(one) for one in heard]
    return SignersView(
        mode=tree.root.mode if len(tree.nodes) > 1 else None,
        share=tree.root.share,
        agreed=said.count("agreed"),
        refused=said.count("refused"),
        open=said.count(None),
        seats=tuple(
            _seat(node, removable=may_remove(tree, node, actor, flow))
            for node in sorted(tree.nodes.values(), key=lambda one: one.place)
        ),
    )


def must_decide(act: Acting) -> None:
    """Who was only asked to answer first decides nothing, so nobody can sign with him."""
    tree = load_tree(act.work.session, act.task.token)
    node = None if tree is None else tree.nodes.get(act.task.id)
    if node is not None and node.kind == "delegate":
        raise VerbNotAllowed(verb=NAMES[act.verb])


def may_remove(tree: Tree, node: Node, actor: Actor, flow: Flow) -> bool:
    """Whether the actor added this seat, or one that leads to it, and it has not answered yet."""
    if node.kind == "own" or not node.state.is_pending:
        return False
    if actor.has(flow.admins):
        return True
    mine = names_of(actor)
    here: Node | None = node
    while here is not None and here.kind != "own":
        parent = tree.nodes.get(here.parent_id) if here.parent_id else None
        if here.row.added_by in mine or (parent is not None and parent.row.assignee in mine):
            return True
        here = parent
    return False


def _seat(node: Node, *, removable: bool) -> Seat:
    row = node.row
    return Seat(
        task_id=node.id,
        parent_id=node.parent_id,
        kind=node.kind,  # type: ignore[arg-type]
        state=node.state.value,
        login=row.assignee,
        owners=row.owners,
        place=node.place,
        added_by=row.added_by,
        outcome=row.outcome if row.answered else None,
        note=row.note,
        answered_at=row.completed_at if row.answered else None,
        answered_by=row.completed_by if row.answered else None,
        on_behalf_of=row.on_behalf_of,
        rule=row.rule,
        removable=removable,
    )
