"""The business parameters: declared in `parameters.toml`, changed by people, dated, audited."""

from __future__ import annotations

import threading
import time
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Mapped, Session, mapped_column

from jiedan.core import audit
from jiedan.core.calendar import UNITS
from jiedan.core.clock import Clock, as_utc
from jiedan.core.database import Base, Database, JsonValue
from jiedan.core.errors import Forbidden, Invalid, NotFound
from jiedan.core.i18n import lazy
from jiedan.core.ids import new_id
from jiedan.core.parameter import (
    Parameter,
    ParameterOutOfRange,
    ParameterValueInvalid,
    Value,
    declare,
)
from jiedan.core.text import clean_line
from jiedan.core.work import Work

__all__ = [
    "Parameter",
    "ParameterChange",
    "ParameterChangeForbidden",
    "ParameterOutOfRange",
    "ParameterUnknown",
    "ParameterValueInvalid",
    "Parameters",
    "ParametersInvalid",
    "Value",
    "change_parameter",
    "load_parameters",
]
# A change made by another process is seen within this time; one made here at once.
REFRESH_SECONDS = 5.0
CHANGERS = ("GM", "PO", "AD")
_NEVER = datetime.max.replace(tzinfo=UTC)
_EVER = datetime.min.replace(tzinfo=UTC)


class ParametersInvalid(Invalid):
    """The parameters are wrong: %(complaint)s"""


class ParameterUnknown(NotFound):
    """There is no parameter %(name)s."""


class ParameterChangeForbidden(Forbidden):
    """Only the general manager, process owners and administrators change parameters."""


class ParameterChange(Base):
    """A value that a parameter has from a moment on. Rows are only ever added."""

    __tablename__ = "parameter_changes"
    __table_args__ = (Index("ix_parameter_changes_name", "name", "effective_from"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[Any] = mapped_column(JsonValue)
    effective_from: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(500))


class Parameters(Mapping[str, Parameter]):
    """All parameters as they stand at the clock's present; reading one is a look in a dict."""

    def __init__(
        self,
        declared: Mapping[str, Parameter],
        *,
        database: Database | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._declared = dict(declared)
        self._database = database
        self._clock = clock
        self._current = dict(declared)
        self._span = (_EVER, _NEVER)
        self._next_look = 0.0 if database is not None else float("inf")
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Parameter:
        """The parameter as it stands now; raises ParameterUnknown."""
        self._refresh()
        try:
            return self._current[name]
        except KeyError:
            raise ParameterUnknown(name=name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def limit(self, name: str) -> tuple[Decimal, str]:
        """A time limit as amount and unit, to be given to `WorkingCalendar.deadline`."""
        parameter = self[name]
        if parameter.unit not in UNITS or not isinstance(parameter.value, Decimal):
            raise TypeError(f"{name} is no time limit")
        return parameter.value, parameter.unit

    def number(self, name: str) -> Decimal:
        """The value of a parameter that is one number."""
        value = self[name].value
        if not isinstance(value, Decimal):
            raise TypeError(f"{name} is no number")
        return value

    def fen(self, name: str) -> int:
        """The value of a parameter in yuan, as fen."""
        if self[name].unit != "yuan":
            raise TypeError(f"{name} is no amount of money")
        return int(self.number(name) * 100)

    def flag(self, name: str) -> bool:
        """The value of a parameter that is true or false."""
        value = self[name].value
        if not isinstance(value, bool):
            raise TypeError(f"{name} is not true or false")
        return value

    def word(self, name: str) -> str:
        """The value of a parameter that is a word."""
        value = self[name].value
        if not isinstance(value, str):
            raise TypeError(f"{name} is no word")
        return value

    def numbers(self, name: str) -> list[Decimal]:
        """The value of a parameter that is a list of numbers."""
        value = self[name].value
        if not isinstance(value, list):
            raise TypeError(f"{name} is no list")
        return list(value)

    def at(self, session: Session, name: str, moment: datetime) -> Parameter:
        """The parameter as it stood, or will stand, at `moment`."""
        return self._standing(_changes(session, name), as_utc(moment))[name]

    def history(self, session: Session, name: str) -> list[ParameterChange]:
        """All changes of a parameter, oldest first, those still to come included."""
        if name not in self._declared:
            raise ParameterUnknown(name=name)
        return _changes(session, name)

    def forget(self) -> None:
        """Look at the table again at the next reading."""
        if self._database is not None:
            self._next_look = 0.0

    def _refresh(self) -> None:
        if self._clock is None or self._database is None:
            return
        now = self._clock.now()
        if time.monotonic() < self._next_look and self._span[0] <= now < self._span[1]:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._next_look = time.monotonic() + REFRESH_SECONDS
            with self._database.reading() as session:
                changes = _changes(session)
            past = [change.effective_from for change in changes if change.effective_from <= now]
            coming = [change.effective_from for change in changes if change.effective_from > now]
            self._current = self._standing(changes, now)
            self._span = (max(past, default=_EVER), min(coming, default=_NEVER))
        except (OperationalError, ProgrammingError):
            # Before the first migration there is no table, and the declared values hold.
            return
        finally:
            self._lock.release()

    def _standing(self, changes: list[ParameterChange], now: datetime) -> dict[str, Parameter]:
        standing = dict(self._declared)
        for change in changes:
            declared = self._declared.get(change.name)
            if declared is not None and change.effective_from <= now:
                value = change.value
                if isinstance(declared.value, Decimal):
                    value = Decimal(value)
                elif isinstance(declared.value, list):
                    value = [Decimal(item) for item in value]
                standing[change.name] = replace(
                    declared, value=value, effective_from=change.effective_from
                )
        return standing


def change_parameter(
    work: Work,
    *,
    name: str,
    value: Any,
    reason: str,
    effective_from: datetime | None = None,
) -> Parameter:
    """Give a parameter another value from now, or from a later moment, on.

    Tasks that exist keep the deadline they have. Raises ParameterUnknown, ParameterOutOfRange,
    ParameterValueInvalid, ParameterChangeForbidden; Invalid when the reason is missing or the
    moment is past.
    """
    parameters = work.platform.parameters
    if not (work.actor.is_system or work.actor.has_any(*CHANGERS)):
        raise ParameterChangeForbidden
    parameter = parameters[name]
    checked = parameter.checked(value)
    start = work.now if effective_from is None else as_utc(effective_from)
    reason = clean_line(reason, limit=500)
    complaints = {}
    if not reason:
        complaints["reason"] = lazy("Say why.")
    if start < work.now:
        complaints["effective_from"] = lazy("A change cannot begin in the past.")
    if complaints:
        raise Invalid(complaints)
    work.session.add(
        ParameterChange(
            name=name,
            value=_stored(checked),
            effective_from=start,
            changed_at=work.now,
            changed_by=work.actor.login,
            reason=reason,
        )
    )
    audit.record(
        work,
        action="parameter.change",
        entity=f"parameter:{name}",
        before={"value": _stored(parameter.value)},
        after={"value": _stored(checked), "effective_from": start, "reason": reason},
    )
    work.after_commit(parameters.forget)
    return replace(parameter, value=checked, effective_from=start)


def load_parameters(
    path: Path, *, database: Database | None = None, clock: Clock | None = None
) -> Parameters:
    """The parameters declared in `parameters.toml`; raises ParametersInvalid.

    Without database and clock the declared values hold.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
        declared = {name: declare(name, entry) for name, entry in raw.items()}
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise ParametersInvalid(complaint=f"{path.name}: {error!r}") from error
    return Parameters(declared, database=database, clock=clock)


def _changes(session: Session, name: str | None = None) -> list[ParameterChange]:
    query = select(ParameterChange).order_by(
        ParameterChange.effective_from, ParameterChange.changed_at, ParameterChange.id
    )
    if name is not None:
        query = query.where(ParameterChange.name == name)
    return list(session.scalars(query))


def _stored(value: Value) -> Any:
    if isinstance(value, list):
        return [str(item) for item in value]
    return value if isinstance(value, bool | str) else str(value)
