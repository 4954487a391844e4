"""Owns saved views: a list with its filters and order, under a name, for oneself or to share."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid, NotFound
from jiedan.core.i18n import lazy
from jiedan.core.ids import new_id
from jiedan.core.text import clean_line
from jiedan.flow.inbox_tables import SavedViewRow
from jiedan.flow.owners import owners_of
from jiedan.flow.platform import Flow
from jiedan.flow.tables import table_of

EVERYBODY = "*"
MOST = 50
"""How many views one person keeps."""
_views = table_of(SavedViewRow)


class ViewNotFound(NotFound):
    """This view is not here, or not shared with you."""


class ViewRefused(Invalid):
    """This view cannot be saved."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named address of a list."""

    id: UUID
    owner: str
    name: str
    place: str
    """The list: `todo`, `done`, `team` …"""
    query: Mapping[str, str]
    shared_with: tuple[str, ...]
    """`r:OC`, `u:ann`, `*` for everybody."""
    mine: bool


def save_view(
    flow: Flow,
    *,
    actor: Actor,
    name: str,
    place: str,
    query: Mapping[str, str],
    shared_with: tuple[str, ...] = (),
) -> SavedView:
    """Keep a view; one of mine with the same name is replaced and keeps its address.

    Raises ViewRefused.
    """
    said = clean_line(name, limit=60)
    if not said:
        raise ViewRefused({"name": lazy("Give the view a name.")})
    kept = {key: str(value)[:200] for key, value in sorted(query.items()) if value}
    with flow.platform.work(actor=actor) as work:
        mine = {
            row.name: row.id
            for row in work.session.execute(
                select(_views.c.id, _views.c.name).where(_views.c.owner == actor.login)
            )
        }
        if said not in mine and len(mine) >= MOST:
            raise ViewRefused({"name": lazy("That are too many views. Remove one first.")})
        view = SavedView(
            mine.get(said) or new_id(), actor.login, said, place, kept, shared_with, True
        )
        work.session.execute(delete(_views).where(_views.c.id == view.id))
        work.session.execute(
            insert(_views),
            {
                "id": view.id,
                "owner": view.owner,
                "name": view.name,
                "place": view.place,
                "query": kept,
                "shared_with": list(shared_with),
                "created_at": work.now,
            },
        )
        audit.record(
            work, action="view.save", entity=f"view:{view.id}", after={"shared": shared_with}
        )
        return view


def list_views(flow: Flow, *, actor: Actor) -> tuple[SavedView, ...]:
    """Mine, then those shared with me, by name."""
    with flow.platform.read() as session:
        return tuple(sorted(_visible(session, actor), key=lambda one: (not one.mine, one.name)))


def find_view(flow: Flow, *, actor: Actor, view_id: UUID) -> SavedView:
    """One by its address. Raises ViewNotFound, also when it is not shared with the actor."""
    with flow.platform.read() as session:
        found = next((one for one in _visible(session, actor) if one.id == view_id), None)
    if found is None:
        raise ViewNotFound
    return found


def drop_view(flow: Flow, *, actor: Actor, view_id: UUID) -> None:
    """Remove one of mine. Raises ViewNotFound."""
    with flow.platform.work(actor=actor) as work:
        gone = work.session.execute(
            delete(_views).where(_views.c.id == view_id, _views.c.owner == actor.login)
        )
        if not gone.rowcount:  # type: ignore[attr-defined]
            raise ViewNotFound
        audit.record(work, action="view.drop", entity=f"view:{view_id}")


def _visible(session: Session, actor: Actor) -> list[SavedView]:
    known = {EVERYBODY, *owners_of(actor)}
    return [
        SavedView(
            row.id,
            row.owner,
            row.name,
            row.place,
            row.query,
            tuple(row.shared_with),
            row.owner == actor.login,
        )
        # A few dozen in a whole company: who may see one is looked at here.
        for row in session.execute(select(_views))
        if row.owner == actor.login or known.intersection(row.shared_with)
    ]
