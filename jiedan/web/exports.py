"""Lists as files: CSV and XLSX of all rows that a list's filters find, safe to open anywhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, request

from jiedan.core import audit
from jiedan.core.clock import shanghai
from jiedan.core.errors import Invalid
from jiedan.core.i18n import LazyText, gettext
from jiedan.core.sentences import say
from jiedan.desk.pages import MOST_PER_PAGE, Page
from jiedan.web.house import now, person, platform

MOST_ROWS = 10_000
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = re.compile(r"^\s*[=+\-@\t\r]")
# What no XML file may hold; openpyxl refuses a whole file over one of them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class TooManyRows(Invalid):
    """More than %(limit)s rows are too many for one file. Please narrow the filters."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its heading and what stands in it."""

    title: str | LazyText
    value: Callable[[Any], Any]


def yuan(fen: int | None) -> Decimal | None:
    """An amount as a number of yuan."""
    return None if fen is None else Decimal(fen) / 100


def asked_kind() -> str | None:
    """`csv` or `xlsx` when the address of a list asks for a file (`?as=xlsx`)."""
    kind = request.args.get("as", "")
    return kind if kind in KINDS else None


def export(
    name: str,
    columns: Sequence[Column],
    page_of: Callable[[int, int], Page[Any]],
    *,
    kind: str,
) -> Response:
    """All rows of a list as a file. `page_of(page, size)` gives them page by page.

    Who took what with which filters is in the audit trail (SPEC G3). Raises TooManyRows.
    """
    first = page_of(1, MOST_PER_PAGE)
    if first.total >= MOST_ROWS:
        raise TooManyRows(limit=MOST_ROWS)
    filters = {key: value for key, value in request.args.items() if key not in ("as", "page")}
    with platform().work(actor=person()) as work:
        audit.record(
            work,
            action="list.export",
            entity=f"list:{name}",
            after={"rows": first.total, "kind": kind, "filters": filters},
        )
    rows = _rows(first, columns, page_of)
    content = _csv(columns, rows) if kind == "csv" else _xlsx(name, columns, rows)
    file = f"{name}-{shanghai(now()):%Y%m%d-%H%M}.{kind}"
    return Response(
        content,
        mimetype=KINDS[kind],
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


def _rows(
    first: Page[Any], columns: Sequence[Column], page_of: Callable[[int, int], Page[Any]]
) -> Iterator[list[Any]]:
    page = first
    while True:
        for item in page.items:
            yield [column.value(item) for column in columns]
        if not page.has_next:
            return
        page = page_of(page.page + 1, MOST_PER_PAGE)


def _csv(columns: Sequence[Column], rows: Iterator[list[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(str(column.title)) for column in columns])
    for row in rows:
        writer.writerow([_as_text(value) for value in row])
    # With the mark at the beginning the usual spreadsheets read Chinese right.
    return text.getvalue().encode("utf-8-sig")


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return gettext("yes") if value else gettext("no")
        case int() | Decimal():
            return str(value)
        case datetime():
            return f"{shanghai(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case _:
            return harmless(str(value))


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula (SPEC A25)."""
    said = _UNPRINTABLE.sub("", say(text))
    return f"'{said}" if _FORMULA.match(said) else said


def _xlsx(name: str, columns: Sequence[Column], rows: Iterator[list[Any]]) -> bytes:
    # It takes a while to import, and a start writes no sheet.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    sheet.freeze_panes = "A2"
    for index in range(len(columns)):
        sheet.column_dimensions[chr(ord("A") + index)].width = 18
    sheet.append([_cell(sheet, str(column.title)) for column in columns])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        # A spreadsheet knows no time zones.
        value = shanghai(value).replace(tzinfo=None)
    elif isinstance(value, bool):
        value = gettext("yes") if value else gettext("no")
    elif isinstance(value, str | LazyText):
        value = harmless(str(value))
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        # Never a formula, whatever it begins with.
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    return cell
