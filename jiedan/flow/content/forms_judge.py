"""Reading an answer into records and settling its conditions: hidden, computed, read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from jiedan.core.clock import shanghai
from jiedan.core.errors import Message
from jiedan.core.i18n import lazy
from jiedan.feel import FeelError, compile_expression, to_python
from jiedan.flow.content.forms_schema import Field, Form, Kind, Option, Path, Said, Style
from jiedan.flow.content.forms_values import Wrong, for_feel, is_empty, read_value

MAX_ROWS = 200
SETTLE = 6
"""How often conditions are looked at again while hiding one field hides another."""
ORIGIN = "_of"
"""In a posted row: which of the rows that were there before it continues."""
KEEP = "_keep"
"""In a row about to be shown: stays, although nothing is filled in yet."""
Functions = Mapping[str, Callable[..., Any]]


@dataclass(slots=True)
class Record:
    """One record on its way through: what was typed, what it means, what could not be read."""

    fields: tuple[Field, ...]
    """All fields of the record itself, groups opened, tables closed."""
    raw: Mapping[str, Any]
    initial: Mapping[str, Any]
    values: dict[Path, Any] = field(default_factory=dict)
    wrong: dict[Path, Message] = field(default_factory=dict)
    tables: dict[Path, list[Row]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    """Ids of hidden fields: two fields may share a path when conditions keep them apart."""
    locked: frozenset[str] = frozenset()
    """Ids of the fields that may be read only."""


@dataclass(slots=True)
class Row:
    """A row of a table; `index` is where the page has it, `origin` where it was before."""

    index: int
    record: Record
    origin: int | None = None


def same_record(fields: Sequence[Field]) -> Iterator[Field]:
    """The fields of one record: into groups, not into tables."""
    for each in fields:
        yield each
        if each.kind is Kind.GROUP:
            yield from same_record(each.children)


def get_path(record: Mapping[str, Any], path: Path) -> Any:
    """The value at a path, None where there is none."""
    place: Any = record
    for part in path:
        if not isinstance(place, Mapping):
            return None
        place = place.get(part)
    return place


def put_path(record: MutableMapping[str, Any], path: Path, value: Any) -> None:
    """Put a value at a path, making the records on the way."""
    place: Any = record
    for part in path[:-1]:
        below = place.get(part)
        if not isinstance(below, MutableMapping):
            below = place[part] = {}
        place = below
    place[path[-1]] = value


class Judge:
    """Answers a form's FEEL questions about an answer."""

    def __init__(
        self,
        form: Form,
        *,
        now: datetime,
        outcome: str | None = None,
        scope: Mapping[str, Any] | None = None,
        functions: Functions | None = None,
    ) -> None:
        local = shanghai(now)
        self.form = form
        self.scope: dict[str, Any] = {**(scope or {}), "outcome": outcome}
        self.functions = {"today": local.date, "now": lambda: local, **(functions or {})}

    def evaluate(self, expression: str, scope: Mapping[str, Any]) -> Any:
        """The value of an expression; None when it goes too far."""
        try:
            found = compile_expression(expression).evaluate(scope, functions=self.functions)
        except FeelError:
            return None
        return to_python(found)

    def read(self, raw: Mapping[str, Any], initial: Mapping[str, Any]) -> Record:
        """The whole answer, settled."""
        return self.read_record(self.form.fields, raw, initial, self.scope)

    def read_record(
        self,
        fields: Sequence[Field],
        raw: Mapping[str, Any],
        initial: Mapping[str, Any],
        around: Mapping[str, Any],
    ) -> Record:
        record = Record(tuple(same_record(fields)), raw, initial)
        for each in record.fields:
            if each.kind is Kind.TABLE:
                record.tables[each.path] = _read_rows(each, record)
            elif each.path and each.kind not in (Kind.GROUP, Kind.COMPUTED):
                _read_one(each, record, locked=each.read_only)
        self._settle(fields, record, around)
        return record

    def _settle(self, fields: Sequence[Field], record: Record, around: Mapping[str, Any]) -> None:
        """Lock, compute, hide and look again, until nothing changes any more."""
        fixed = {each.id for each in record.fields if each.read_only}
        for _ in range(SETTLE):
            seen = self.seen(record, around)
            for table in (one for one in record.fields if one.kind is Kind.TABLE):
                for row in record.tables[table.path]:
                    row.record = self.read_record(
                        table.children, row.record.raw, row.record.initial, seen
                    )
                put_path(seen, table.path, self._rows_seen(record, table))
            for each in record.fields:
                if each.kind is Kind.COMPUTED:
                    value = self._compute(each, seen)
                    record.values[each.path] = value
                    put_path(seen, each.path, for_feel(each.holds, value))
            hidden = frozenset(self._hide(fields, seen))
            locked = frozenset(fixed) | {
                each.id
                for each in record.fields
                if each.read_only_if and self.evaluate(each.read_only_if, seen) is True
            }
            if (hidden, locked) == (record.hidden, record.locked):
                return
            for each in record.fields:
                if each.path and each.id in locked ^ record.locked and not each.read_only:
                    _read_one(each, record, locked=each.id in locked)
            record.hidden, record.locked = hidden, locked

    def _hide(self, fields: Sequence[Field], seen: Mapping[str, Any]) -> Iterator[str]:
        for each in fields:
            if each.hide_if and self.evaluate(each.hide_if, seen) is True:
                yield from (inner.id for inner in same_record([each]))
            elif each.kind is Kind.GROUP:
                yield from self._hide(each.children, seen)

    def _compute(self, each: Field, seen: Mapping[str, Any]) -> Any:
        found = self.evaluate(each.expression or "null", seen)
        if found is None or isinstance(found, Mapping | list):
            return None
        if each.holds is Kind.MONEY and isinstance(found, int | Decimal):
            return int((Decimal(found) * 100).to_integral_value())
        return found

    def seen(self, record: Record, around: Mapping[str, Any]) -> dict[str, Any]:
        """What an expression sees: the record's visible values over everything around it."""
        seen = dict(around)
        shown = {each.path for each in record.fields if each.id not in record.hidden}
        for path in {*record.values, *record.tables}:
            if len(path) > 1:
                seen[path[0]] = {}
        for each in record.fields:
            if not each.path or each.kind is Kind.GROUP:
                continue
            if each.id in record.hidden:
                if each.path not in shown:
                    put_path(seen, each.path, None)
            elif each.kind is Kind.TABLE:
                put_path(seen, each.path, self._rows_seen(record, each))
            else:
                kind = each.holds if each.kind is Kind.COMPUTED else each.kind
                put_path(seen, each.path, for_feel(kind, record.values.get(each.path)))
        return seen

    def _rows_seen(self, record: Record, table: Field) -> list[dict[str, Any]]:
        return [self.seen(row.record, {}) for row in record.tables[table.path]]

    def is_required(self, each: Field, seen: Mapping[str, Any]) -> bool:
        """Whether a condition asks for the field; not before a button that it names is pressed."""
        if each.required_if is None:
            return False
        if (
            self.scope["outcome"] is None
            and "outcome" in compile_expression(each.required_if).names
        ):
            return False
        return self.evaluate(each.required_if, seen) is True

    def is_usually_required(self, each: Field, seen: Mapping[str, Any]) -> bool:
        """Whether the form's main button will ask for the field, so that pages can mark it."""
        main = next((one.name for one in self.form.outcomes if one.style is Style.PRIMARY), None)
        if each.required_if is None or main is None or self.scope["outcome"] is not None:
            return self.is_required(each, seen)
        return self.evaluate(each.required_if, {**seen, "outcome": main}) is True

    def outcomes(self, record: Record) -> tuple[str, ...]:
        """Names of the buttons that are not hidden."""
        seen = self.seen(record, self.scope)
        return tuple(
            each.name
            for each in self.form.outcomes
            if not (each.hide_if and self.evaluate(each.hide_if, seen) is True)
        )


def _read_one(each: Field, record: Record, *, locked: bool) -> None:
    """A locked field keeps what it was, whatever was posted."""
    record.wrong.pop(each.path, None)
    try:
        value = read_value(each, get_path(record.initial if locked else record.raw, each.path))
    except Wrong as wrong:
        value = None
        if not locked:
            record.wrong[each.path] = wrong.message
    record.values[each.path] = value


def _read_rows(table: Field, record: Record) -> list[Row]:
    """The rows that count: a fixed table keeps its own, others drop rows left empty."""
    given = get_path(record.raw, table.path)
    before = get_path(record.initial, table.path)
    old = [one for one in before if isinstance(one, Mapping)] if isinstance(before, list) else []
    if given is not None and not isinstance(given, list):
        record.wrong[table.path] = lazy("This is not a table.")
        given = []
    typed = [one if isinstance(one, Mapping) else {} for one in given or []]
    fixed = table.fixed_rows or table.read_only
    if fixed and old:
        typed = [typed[i] if i < len(typed) else {} for i in range(len(old))]
    rows: list[Row] = []
    for index, one in enumerate(typed[: MAX_ROWS + 1]):
        origin = index if fixed else _origin(one, len(old))
        kept = old[origin] if origin is not None and origin < len(old) else {}
        if not fixed and origin is None and _blank(one):
            continue
        inner = Record((), kept if table.read_only else one, kept)
        rows.append(Row(index, inner, origin))
    return rows


def _origin(row: Mapping[str, Any], count: int) -> int | None:
    text = str(row.get(ORIGIN, ""))
    return int(text) if text.isascii() and text.isdigit() and int(text) < count else None


def _blank(row: Mapping[str, Any]) -> bool:
    return all(
        _blank(value) if isinstance(value, Mapping) else is_empty(value)
        for key, value in row.items()
        if key != ORIGIN
    )


def options_of(each: Field, judge: Judge, seen: Mapping[str, Any]) -> tuple[Option, ...]:
    """The choices of a list: written in the form, or worked out from what is filled in."""
    if each.options_expression is None:
        return each.options
    found = judge.evaluate(each.options_expression, seen)
    options = []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, Mapping) and one.get("value") is not None:
            value = str(one["value"])
            label = Said(str(one.get("label") or value), str(one.get("label.en") or ""))
            options.append(Option(value, label))
        elif isinstance(one, str | int | Decimal) and not isinstance(one, bool):
            options.append(Option(str(one), Said(str(one))))
    return tuple(options)
