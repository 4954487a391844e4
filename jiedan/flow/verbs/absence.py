"""Owns absence: acting for somebody who is away, and taking over from who leaves."""

from jiedan.core.actor import Actor
from jiedan.flow.platform import Flow
from jiedan.flow.verbs.results import HandedOver


def principals_of(flow: Flow, *, actor: Actor) -> tuple[Actor, ...]:
    """For whom the actor may act now: actors with `on_behalf_of` set, for `list_tasks`.

    Every use case of tasks finds out by itself for whom somebody acts; only lists must be asked.
    """
    raise NotImplementedError


def hand_over(
    flow: Flow, *, actor: Actor, login: str, to: str, reason: str, dry_run: bool = False
) -> HandedOver:
    """离职交接: everything that is open for `login` goes to `to`, in one transaction.

    What a duty keeps `to` from goes to the administrators, who can pass it on. For
    administrators, and for people who hand over their own.
    """
    raise NotImplementedError
