"""Owns stock phrases (常用语): what people write again and again, their own and the house's."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from jiedan.core.actor import Actor
from jiedan.core.errors import Invalid, NotFound
from jiedan.core.i18n import lazy
from jiedan.core.ids import new_id
from jiedan.core.text import clean_text
from jiedan.flow.errors import NotAllowed
from jiedan.flow.inbox_tables import PhraseRow
from jiedan.flow.platform import Flow
from jiedan.flow.tables import table_of

HOUSE = "*"
MOST = 40
LIMIT = 300
FIRST = (
    lazy("Agreed."),
    lazy("Agreed; please watch the delivery date."),
    lazy("Please complete the documents first."),
    lazy("Please check the price again."),
)
"""What the house offers until somebody writes phrases for it."""
_phrases = table_of(PhraseRow)


class PhraseRefused(Invalid):
    """This phrase cannot be kept."""


class PhraseNotFound(NotFound):
    """This phrase is not here."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase; the house's first ones have no id and cannot be removed."""

    id: UUID | None
    text: str
    mine: bool


def list_phrases(flow: Flow, *, actor: Actor) -> tuple[Phrase, ...]:
    """Mine, then the house's, each in the order of their making."""
    wanted = (
        select(_phrases)
        .where(_phrases.c.owner.in_((actor.login, HOUSE)))
        .order_by(_phrases.c.created_at, _phrases.c.id)
    )
    with flow.platform.read() as session:
        rows = session.execute(wanted).all()
    mine = [Phrase(row.id, row.text, True) for row in rows if row.owner == actor.login]
    house = [Phrase(row.id, row.text, False) for row in rows if row.owner == HOUSE]
    return (*mine, *(house or [Phrase(None, str(text), False) for text in FIRST]))


def add_phrase(flow: Flow, *, actor: Actor, text: str, house: bool = False) -> Phrase:
    """Keep a phrase; only administrators write the house's. Raises PhraseRefused, NotAllowed."""
    said = clean_text(text).strip()
    if not said or len(said) > LIMIT:
        raise PhraseRefused({"text": lazy("A phrase has 1 to 300 characters.")})
    if house and not actor.has(flow.admins):
        raise NotAllowed
    owner = HOUSE if house else actor.login
    with flow.platform.work(actor=actor) as work:
        number = work.session.execute(
            select(func.count()).select_from(_phrases).where(_phrases.c.owner == owner)
        ).scalar_one()
        if number >= MOST:
            raise PhraseRefused({"text": lazy("That are too many phrases. Remove one first.")})
        phrase = Phrase(new_id(), said, not house)
        work.session.execute(
            insert(_phrases),
            {"id": phrase.id, "owner": owner, "text": said, "created_at": work.now},
        )
        return phrase


def remove_phrase(flow: Flow, *, actor: Actor, phrase_id: UUID) -> None:
    """Forget one of mine, or as an administrator one of the house. Raises PhraseNotFound."""
    owners = (actor.login, HOUSE) if actor.has(flow.admins) else (actor.login,)
    with flow.platform.work(actor=actor) as work:
        gone = work.session.execute(
            delete(_phrases).where(_phrases.c.id == phrase_id, _phrases.c.owner.in_(owners))
        )
        if not gone.rowcount:  # type: ignore[attr-defined]
            raise PhraseNotFound
