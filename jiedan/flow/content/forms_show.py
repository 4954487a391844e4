"""A form with its values, ready to be drawn: no template needs to know FEEL or kinds of numbers."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from jiedan.core.errors import Message
from jiedan.core.i18n import current_locale, format_date, format_datetime, format_money, gettext
from jiedan.flow.content.forms_check import Lookup
from jiedan.flow.content.forms_judge import (
    KEEP,
    ORIGIN,
    Functions,
    Judge,
    Record,
    get_path,
    options_of,
    put_path,
    same_record,
)
from jiedan.flow.content.forms_schema import Field, Form, Kind, Outcome, Style
from jiedan.flow.content.forms_values import for_storage, for_typing, is_empty

FULL = 16
"""The grid has so many columns."""
MOST_COLUMNS = 8
"""A table with more than these is laid out in several lines per row."""


@dataclass(frozen=True, slots=True)
class ShownOption:
    value: str
    label: str
    on: bool


@dataclass(frozen=True, slots=True)
class ShownFile:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of an editable table."""

    number: int
    """Counted from 1, for people."""
    name: str
    """`lines[2]`, for the buttons."""
    origin: int | None
    cells: tuple[Cell, ...]
    """One for each column; a hidden one has no name."""
    grid: tuple[tuple[Cell, ...], ...] = ()
    """The visible cells as the designer laid them out."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field as drawn."""

    field: Field
    name: str
    """Its name in the posted form, which is also its path in errors."""
    dom_id: str
    label: str
    about: str = ""
    placeholder: str = ""
    text: str = ""
    """What stands in the control, as it is typed."""
    said: str = ""
    """What a reader sees when the field is read only."""
    error: str = ""
    required: bool = False
    read_only: bool = False
    options: tuple[ShownOption, ...] = ()
    files: tuple[ShownFile, ...] = ()
    before: str = ""
    after: str = ""
    cells: tuple[tuple[Cell, ...], ...] = ()
    """What a group holds, in rows."""
    columns: tuple[Cell, ...] = ()
    """The heads of a table."""
    rows: tuple[ShownRow, ...] = ()
    total: str = ""
    total_label: str = ""

    span: int = FULL
    """Width out of 16 within its row."""
    is_grid: bool = False
    """A table whose rows are laid out in several lines instead of one."""


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    name: str
    label: str
    style: Style
    confirm: str
    skip_validation: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole form as drawn."""

    rows: tuple[tuple[Cell, ...], ...]
    outcomes: tuple[ShownOutcome, ...]
    errors: tuple[tuple[str, str, str], ...] = field(default=())
    """(control's id, label, message) of everything wrong, for the summary on top."""


def show_form(
    form: Form,
    *,
    now: datetime,
    raw: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    scope: Mapping[str, Any] | None = None,
    errors: Mapping[str, Message] | None = None,
    lookup: Lookup | None = None,
    functions: Functions | None = None,
    read_only: bool = False,
) -> Shown:
    """The form in the language in force. `raw` is what was typed (or a draft), else `initial`.

    A table that was never filled in gets its first rows, as in the designer's own preview.
    """
    before = initial or {}
    filled = _filled(form.fields, before if raw is None else raw, fresh=raw is None)
    judge = Judge(form, now=now, scope=scope, functions=functions)
    painter = _Painter(judge, errors or {}, lookup, read_only=read_only)
    record = judge.read(filled, before)
    rows = painter.lay_out(form.fields, record, at="", around=judge.scope)
    outcomes = tuple(
        _outcome(each) for each in form.outcomes if each.name in judge.outcomes(record)
    )
    listed = tuple(painter.wrong)
    loose = [
        ("", "" if path == "_form" else path, str(text))
        for path, text in (errors or {}).items()
        if path not in painter.told
    ]
    return Shown(rows, () if read_only else outcomes, (*loose, *listed))


def _outcome(each: Outcome) -> ShownOutcome:
    locale = current_locale()
    return ShownOutcome(
        each.name, each.label.in_(locale), each.style, each.confirm.in_(locale),
        each.skip_validation,
    )  # fmt: skip


def _filled(fields: Sequence[Field], given: Mapping[str, Any], *, fresh: bool) -> dict[str, Any]:
    """What is filled in, as a copy with every row marked to stay, though it may be empty.

    `fresh`: nobody typed yet, so defaults apply and rows remember where they come from.
    """
    filled = copy.deepcopy(dict(given))
    for each in same_record(fields):
        if not each.path or each.kind is Kind.GROUP:
            continue
        here = get_path(filled, each.path)
        if each.kind is Kind.TABLE:
            if (here is None or (fresh and not here)) and not (each.fixed_rows or each.read_only):
                put_path(filled, each.path, [_new_row(each) for _ in range(each.first_rows)])
            elif isinstance(here, list):
                put_path(filled, each.path, [_old_row(r, i, fresh) for i, r in enumerate(here)])
        elif fresh and here is None and each.default is not None:
            put_path(filled, each.path, each.default)
    return filled


def _new_row(table: Field) -> dict[str, Any]:
    row: dict[str, Any] = {KEEP: "1"}
    for each in same_record(table.children):
        if each.path and each.default is not None:
            put_path(row, each.path, each.default)
    return row


def _old_row(row: Any, index: int, fresh: bool) -> Any:
    if not isinstance(row, Mapping):
        return row
    return {**row, KEEP: "1", **({ORIGIN: str(index)} if fresh else {})}


class _Painter:
    """One drawing: gathers what is wrong in the order of the page."""

    def __init__(
        self,
        judge: Judge,
        errors: Mapping[str, Message],
        lookup: Lookup | None,
        *,
        read_only: bool,
    ) -> None:
        self.judge = judge
        self.errors = errors
        self.lookup = lookup
        self.read_only = read_only
        self.locale = current_locale()
        self.wrong: list[tuple[str, str, str]] = []
        self.told: set[str] = set()
        self.row = 0
        """The row being drawn, for the summary of what is wrong."""

    def lay_out(
        self, fields: Sequence[Field], record: Record, *, at: str, around: Mapping[str, Any]
    ) -> tuple[tuple[Cell, ...], ...]:
        """Cells in rows: neighbours with the same row name share one, up to 16 columns."""
        seen = self.judge.seen(record, around)
        cells = [
            self.cell(each, record, at, seen)
            for each in fields
            if each.id not in record.hidden and _is_shown(each)
        ]
        return _in_rows(cells)

    def cell(self, each: Field, record: Record, at: str, seen: Mapping[str, Any]) -> Cell:
        name = at + each.key if each.path else ""
        locked = self.read_only or each.id in record.locked or each.kind is Kind.COMPUTED
        label = each.label.in_(self.locale)
        error = self.error(name, label)
        base: dict[str, Any] = {
            "field": each,
            "name": name,
            "dom_id": dom_id(name) if name else f"f-{each.id}",
            "label": label,
            "about": each.about.in_(self.locale),
            "error": error,
        }
        if each.kind in (Kind.NOTE, Kind.RULE):
            return Cell(**base, text=each.text.in_(self.locale))
        if each.kind is Kind.GROUP:
            inner = self.lay_out(each.children, record, at=at, around=seen)
            return Cell(**base, cells=inner)
        if each.kind is Kind.TABLE:
            return self.table(each, record, name, seen, base)
        value = record.values.get(each.path)
        kind = each.holds if each.kind is Kind.COMPUTED else each.kind
        typed = get_path(record.raw, each.path)
        if locked or (each.path not in record.wrong and not _as_typed(kind, typed)):
            typed_text = for_typing(kind, value)
        else:
            typed_text = _one_text(typed)
        if each.kind is Kind.BOOL:
            typed_text = "" if value is None else str(bool(value)).lower()
        options = self.options(each, value, seen)
        required = each.required or self.judge.is_usually_required(each, seen)
        return Cell(
            **base,
            placeholder=each.placeholder.in_(self.locale),
            text=typed_text,
            said=self.said(each, kind, value, options),
            required=required and not locked,
            read_only=locked,
            options=options,
            files=self.files(each, value),
            before=each.before.in_(self.locale) or ("¥" if kind is Kind.MONEY else ""),
            after=each.after.in_(self.locale) or ("%" if kind is Kind.PCT else ""),
        )

    def table(
        self,
        each: Field,
        record: Record,
        name: str,
        seen: Mapping[str, Any],
        base: dict[str, Any],
    ) -> Cell:
        rows = []
        for position, row in enumerate(record.tables[each.path]):
            prefix = f"{name}[{row.index}]"
            self.row = position + 1
            inner_seen = self.judge.seen(row.record, seen)
            shown = tuple(
                Cell(child, "", "", child.label.in_(self.locale))
                if child.id in row.record.hidden
                else self.cell(child, row.record, f"{prefix}.", inner_seen)
                for child in each.children
            )
            rows.append(
                ShownRow(
                    number=position + 1,
                    name=prefix,
                    origin=row.origin,
                    cells=shown,
                    grid=_in_rows([cell for cell in shown if cell.name or not cell.field.path]),
                    error=self.error(prefix, base["label"]),
                )
            )
        self.row = 0
        heads = tuple(
            Cell(child, "", "", child.label.in_(self.locale), required=child.required)
            for child in each.children
        )
        total = ""
        if each.total:
            own = {**seen, "rows": get_path(seen, each.path)}
            total = _figure(self.judge.evaluate(each.total, own))
        return Cell(
            **base,
            columns=heads,
            is_grid=_needs_lines(heads),
            rows=tuple(rows),
            total=total,
            total_label=each.total_said.in_(self.locale),
            read_only=self.read_only or each.read_only,
            required=each.required,
        )

    def error(self, name: str, label: str) -> str:
        message = self.errors.get(name)
        if not name or message is None or name in self.told:
            return ""
        self.told.add(name)
        where = gettext("%(label)s, row %(n)s", label=label, n=self.row) if self.row else label
        self.wrong.append((dom_id(name), where, str(message)))
        return str(message)

    def options(self, each: Field, value: Any, seen: Mapping[str, Any]) -> tuple[ShownOption, ...]:
        chosen = set(value) if isinstance(value, tuple) else {self.plain(value)}
        return tuple(
            ShownOption(one.value, one.label.in_(self.locale), one.value in chosen)
            for one in options_of(each, self.judge, seen)
        )

    def plain(self, value: Any) -> str:
        return {True: "true", False: "false"}.get(value, str(value)) if value is not None else ""

    def files(self, each: Field, value: Any) -> tuple[ShownFile, ...]:
        if each.kind is not Kind.FILE or value is None:
            return ()
        ids = value if isinstance(value, tuple) else (str(value),)
        found = []
        for one in ids:
            name = self.lookup.filename(one) if self.lookup is not None else one
            if name is not None:
                found.append(ShownFile(one, name))
        return tuple(found)

    def said(self, each: Field, kind: Kind, value: Any, options: Sequence[ShownOption]) -> str:
        """The value for reading: labels instead of codes, money with its sign."""
        if value is None:
            return ""
        if kind is Kind.MONEY:
            return format_money(value)
        if kind is Kind.DATE:
            return format_date(value)
        if kind is Kind.DT:
            return format_datetime(value)
        if each.source and self.lookup is not None:
            return self.lookup.label(each.source, str(value)) or str(value)
        if options:
            return (
                "、".join(o.label for o in options if o.on)
                if self.locale == "zh"
                else (", ".join(o.label for o in options if o.on))
            )
        if isinstance(value, bool):
            return "✓" if value else "—"
        if isinstance(value, tuple):
            return ", ".join(value)
        return str(for_storage(kind, value))


def _in_rows(cells: Sequence[Cell]) -> tuple[tuple[Cell, ...], ...]:
    """Cells in rows: neighbours with the same row name share one, up to 16 columns."""
    rows: list[list[Cell]] = []
    last, used = "", 0
    for cell in cells:
        wanted = cell.field.columns or 1
        if cell.field.row and cell.field.row == last and used + wanted <= FULL:
            rows[-1].append(cell)
            used += wanted
        else:
            rows.append([cell])
            used = wanted
        last = cell.field.row
    return tuple(_widths(row) for row in rows)


def _needs_lines(heads: Sequence[Cell]) -> bool:
    """Whether a table's rows need several lines each: designed so, or too many columns."""
    rows = _in_rows(heads)
    return len(heads) > MOST_COLUMNS or (len(rows) > 1 and any(len(row) > 1 for row in rows))


def _widths(row: Sequence[Cell]) -> tuple[Cell, ...]:
    """Each cell with its width; those without one share what is left."""
    left = FULL - sum(cell.field.columns or 0 for cell in row)
    open_ended = sum(cell.field.columns is None for cell in row)
    share = max(1, left // open_ended) if open_ended else 0
    return tuple(dataclasses.replace(cell, span=cell.field.columns or share) for cell in row)


def dom_id(name: str) -> str:
    """An element id from a field's name."""
    return "f-" + name.replace("[", "-").replace("]", "").replace(".", "-")


def _is_shown(each: Field) -> bool:
    """A computed field without a label works behind the scenes."""
    return each.kind is not Kind.COMPUTED or bool(each.label)


def _as_typed(kind: Kind, typed: Any) -> bool:
    """Whether the text stays as somebody typed it; moments must suit the browser's own control."""
    return isinstance(typed, str) and kind not in (Kind.DATE, Kind.DT, Kind.TIME)


def _one_text(typed: Any) -> str:
    if isinstance(typed, list | tuple):
        typed = typed[0] if typed else ""
    return "" if is_empty(typed) or isinstance(typed, Mapping) else str(typed)


def _figure(found: Any) -> str:
    if isinstance(found, Decimal):
        return f"{found:,.2f}"
    return "" if found is None else str(found)
