"""Checking an answer against its form: what is wrong with it, and what of it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.errors import Message
from jiedan.core.i18n import LazyText, lazy, pick
from jiedan.flow.content.forms_judge import (
    MAX_ROWS,
    ORIGIN,
    Functions,
    Judge,
    Record,
    get_path,
    options_of,
    put_path,
    same_record,
)
from jiedan.flow.content.forms_patterns import fits_pattern
from jiedan.flow.content.forms_schema import Field, Form, Kind, Said
from jiedan.flow.content.forms_values import check_limits, for_feel, for_storage


class Lookup(Protocol):
    """Answers for fields whose choices live outside the form."""

    def label(self, source: str, value: str) -> str | None:
        """How a choice of `source` is called; None when there is no such choice."""
        ...

    def filename(self, file_id: str) -> str | None:
        """The name of an attachment of this task; None when there is none."""
        ...


class NoLookup:
    """Takes every choice and every file for known."""

    def label(self, source: str, value: str) -> str | None:
        return value

    def filename(self, file_id: str) -> str | None:
        return None


class FormText(LazyText):
    """A sentence that the form itself brings along, in both languages."""

    __slots__ = ("said",)

    def __init__(self, said: Said) -> None:
        super().__init__(said.en or said.zh)
        self.said = said

    def __str__(self) -> str:
        return pick(self.said.zh, self.said.en)


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check."""

    values: Mapping[str, Any]
    """JSON-safe, nested; complete only when `errors` is empty."""
    errors: Mapping[str, Message]
    """By path: `lines[2].sku`, `delivery_place.city`; `_form` for the whole."""
    hidden: frozenset[str] = frozenset()
    """Paths of the fields that were hidden."""
    unknown: frozenset[str] = frozenset()
    """Paths that the form does not have; each is among the errors too."""

    @property
    def ok(self) -> bool:
        return not self.errors


def check_answer(
    form: Form,
    raw: Mapping[str, Any],
    *,
    now: datetime,
    outcome: str | None = None,
    scope: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    lookup: Lookup | None = None,
    functions: Functions | None = None,
) -> Checked:
    """Check an answer: nested values as typed, or as stored (see `forms`), both mean the same.

    `scope` are the process variables, `initial` the values the page opened with (read-only fields
    keep them), `functions` FEEL functions by name. With an outcome that skips validation only
    values that cannot be read at all are wrong, and what is empty stays empty.
    """
    judge = Judge(form, now=now, outcome=outcome, scope=scope, functions=functions)
    button = form.outcome(outcome) if outcome is not None else None
    check = _Check(judge, lookup, lenient=bool(button and button.skip_validation))
    check.refuse_unknown(form.fields, raw, at="")
    record = judge.read(raw, initial or {})
    values = check.record(record, at="", around=judge.scope)
    if outcome is not None and outcome not in judge.outcomes(record):
        check.errors["_form"] = lazy("“%(outcome)s” cannot be chosen here.", outcome=outcome)
    return Checked(values, check.errors, frozenset(check.hidden), frozenset(check.unknown))


def hidden_keys(
    form: Form,
    raw: Mapping[str, Any],
    *,
    now: datetime,
    scope: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    functions: Functions | None = None,
) -> frozenset[str]:
    """Paths of the fields that are hidden while `raw` is what is filled in."""
    return check_answer(
        form, raw, now=now, scope=scope, initial=initial, functions=functions
    ).hidden


class _Check:
    """One check: gathers errors and hidden paths on the way through the records."""

    def __init__(self, judge: Judge, lookup: Lookup | None, *, lenient: bool) -> None:
        self.judge = judge
        self.lookup = lookup
        self.lenient = lenient
        self.errors: dict[str, Message] = {}
        self.hidden: set[str] = set()
        self.unknown: set[str] = set()

    def refuse_unknown(self, fields: Sequence[Field], raw: Mapping[str, Any], *, at: str) -> None:
        """A name that the form does not have is an error, not something to ignore (SPEC §0.2)."""
        known: dict[str, Any] = {}
        for each in same_record(fields):
            if each.path and each.kind is not Kind.GROUP:
                put_path(known, each.path, each)
        self._refuse(raw, known, at)

    def _refuse(self, raw: Mapping[str, Any], known: Mapping[str, Any], at: str) -> None:
        for key, value in raw.items():
            place = f"{at}{key}"
            here = known.get(key)
            if here is None:
                if key != ORIGIN:
                    self._stray(place)
            elif isinstance(here, dict):
                if isinstance(value, Mapping):
                    self._refuse(value, here, f"{place}.")
                elif value not in (None, ""):
                    self._stray(place)
            elif here.kind is Kind.TABLE and isinstance(value, list):
                for index, row in enumerate(value[: MAX_ROWS + 1]):
                    if isinstance(row, Mapping):
                        self.refuse_unknown(here.children, row, at=f"{place}[{index}].")
                    elif row is not None:
                        self.errors[f"{place}[{index}]"] = lazy("This is not a row.")

    def _stray(self, place: str) -> None:
        self.unknown.add(place[:200])
        self.errors[place[:200]] = lazy("This field does not belong to the form.")

    def record(self, record: Record, *, at: str, around: Mapping[str, Any]) -> dict[str, Any]:
        """Check one record; the answer is its values as they are kept."""
        seen = self.judge.seen(record, around)
        values: dict[str, Any] = {}
        for each in record.fields:
            if not each.path or each.kind is Kind.GROUP:
                continue
            place = at + each.key
            if each.id in record.hidden:
                self.hidden.add(place)
                continue
            if each.kind is Kind.TABLE:
                put_path(values, each.path, self.table(each, record, place, seen))
                continue
            value = record.values.get(each.path)
            problem = self.problem(each, record, value, seen)
            if problem is not None:
                self.errors[place] = problem
            kind = each.holds if each.kind is Kind.COMPUTED else each.kind
            kept = for_storage(kind, value)
            if each.kind is Kind.BOOL and each.control == "checkbox" and kept is None:
                kept = False
            put_path(values, each.path, kept)
        return values

    def table(
        self, table: Field, record: Record, place: str, seen: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        rows = record.tables[table.path]
        least = table.limits.min_rows
        if table.required and least is None:
            least = 1
        most = table.limits.max_rows or MAX_ROWS
        wrong = record.wrong.get(table.path)
        if wrong is None and len(rows) > most:
            wrong = lazy("At most %(n)s rows.", n=most)
        if wrong is None and least and len(rows) < least and not self.lenient:
            wrong = lazy("At least %(n)s rows, please.", n=least)
        kept = [self.record(row.record, at=f"{place}[{row.index}].", around=seen) for row in rows]
        if wrong is None and not self.lenient:
            wrong = self.said_wrong(table, seen, get_path(seen, table.path))
        if wrong is not None:
            self.errors[place] = wrong
        return kept

    def problem(
        self, each: Field, record: Record, value: Any, seen: Mapping[str, Any]
    ) -> Message | None:
        """What is wrong with one value, the first thing only."""
        wrong = record.wrong.get(each.path)
        if wrong is not None:
            return wrong
        if each.kind is Kind.COMPUTED or each.id in record.locked:
            return None
        if value is None or (value is False and each.control == "checkbox"):
            return self.missing(each, seen)
        found = (
            check_limits(each.limits, each.kind, value)
            or self.bounds(each, value, seen)
            or self.pattern(each, value)
            or self.choice(each, value, seen)
            or self.file(each, value)
        )
        return found if found or self.lenient else self.said_wrong(each, seen, value)

    def missing(self, each: Field, seen: Mapping[str, Any]) -> Message | None:
        if self.lenient:
            return None
        required = each.required or self.judge.is_required(each, seen)
        if not required:
            return None
        if each.kind is Kind.BOOL and each.control == "checkbox":
            return lazy("Please confirm this.")
        if each.kind is Kind.FILE:
            return lazy("Please add a file.")
        if each.options or each.options_expression:
            return lazy("Please choose.")
        return lazy("Please fill this in.")

    def bounds(self, each: Field, value: Any, seen: Mapping[str, Any]) -> Message | None:
        """Bounds given by expressions: `today()`, `received_at`, `qty_open`."""
        for expression, is_low in (
            (each.limits.min_expression, True),
            (each.limits.max_expression, False),
        ):
            if expression is None:
                continue
            bound = self.judge.evaluate(expression, seen)
            mine, other = _comparable(for_feel(each.kind, value), bound)
            if other is None:
                continue
            if is_low and mine < other:
                if isinstance(other, date):
                    return lazy("Not before %(bound)s.", bound=_plain_day(other))
                return lazy("At least %(n)s.", n=f"{other:,f}")
            if not is_low and mine > other:
                if isinstance(other, date):
                    return lazy("Not after %(bound)s.", bound=_plain_day(other))
                return lazy("At most %(n)s.", n=f"{other:,f}")
        return None

    def pattern(self, each: Field, value: Any) -> Message | None:
        pattern = each.limits.pattern
        if pattern is None or not isinstance(value, str) or fits_pattern(pattern, value):
            return None
        said = each.limits.pattern_said
        return FormText(said) if said else lazy("This does not have the right form.")

    def choice(self, each: Field, value: Any, seen: Mapping[str, Any]) -> Message | None:
        chosen = value if isinstance(value, tuple) else (value,)
        if each.source:
            unknown = self.lookup is not None and any(
                self.lookup.label(each.source, str(one)) is None for one in chosen
            )
            return lazy("There is no such choice.") if unknown else None
        if each.kind not in (Kind.ENUM, Kind.MANY):
            return None
        allowed = {option.value for option in options_of(each, self.judge, seen)}
        if all(one in allowed for one in chosen):
            return None
        return lazy("There is no such choice.")

    def file(self, each: Field, value: Any) -> Message | None:
        if each.kind is not Kind.FILE:
            return None
        ids = value if isinstance(value, tuple) else (value,)
        if len(ids) > 1 and not each.multiple:
            return lazy("Only one file, please.")
        if self.lookup is None:
            return None
        for one in ids:
            name = self.lookup.filename(str(one))
            if name is None:
                return lazy("This file is not attached to the task.")
            ending = name.rpartition(".")[2].lower()
            if each.limits.accept and ending not in each.limits.accept:
                return lazy(
                    "Only files of these kinds: %(kinds)s.", kinds=", ".join(each.limits.accept)
                )
        return None

    def said_wrong(self, each: Field, seen: Mapping[str, Any], value: Any) -> Message | None:
        """The form's own check of a value."""
        if each.check is None:
            return None
        own = {**seen, "value": for_feel(each.kind, value)}
        if self.judge.evaluate(each.check, own) is True:
            return None
        said = each.check_said
        return FormText(said) if said else lazy("This does not fit the other fields.")


def _plain_day(moment: date) -> str:
    if isinstance(moment, datetime):
        return f"{shanghai(moment):%Y-%m-%d %H:%M}"
    return moment.isoformat()


def _comparable(value: Any, bound: Any) -> tuple[Any, Any]:
    """Both as the same type, or a bound of None when they cannot be compared."""
    if isinstance(value, datetime) and isinstance(bound, datetime):
        return (value, bound) if bound.tzinfo else (value, bound.replace(tzinfo=SHANGHAI))
    if isinstance(value, datetime) and isinstance(bound, date):
        return shanghai(value).date(), bound
    if isinstance(value, date) and isinstance(bound, datetime):
        return value, shanghai(bound).date() if bound.tzinfo else bound.date()
    if isinstance(value, date) and isinstance(bound, date):
        return value, bound
    if isinstance(value, int | Decimal) and isinstance(bound, int | Decimal):
        return Decimal(value), Decimal(bound)
    if isinstance(value, date) and isinstance(bound, str):
        try:
            return _comparable(value, datetime.fromisoformat(bound))
        except ValueError:
            return value, None
    return value, None
