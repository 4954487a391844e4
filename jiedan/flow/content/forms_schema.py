"""Forms as read from a form-js file: fields, tables, choices and outcome buttons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

Path = tuple[str, ...]
"""Where a value lives inside its own record: ("delivery_place", "city")."""


class Kind(StrEnum):
    """What a field holds (SPEC §0.2), whatever control shows it."""

    TEXT = "text"
    LINES = "lines"
    """Text of several lines."""
    NUMBER = "number"
    INT = "int"
    QTY = "qty"
    """A quantity: more than 0, at most 3 decimals, at most 9 999 999."""
    MONEY = "money"
    """Typed as yuan, held as integer fen."""
    PCT = "pct"
    DATE = "date"
    TIME = "time"
    DT = "dt"
    """Date and time in Shanghai."""
    BOOL = "bool"
    ENUM = "enum"
    MANY = "many"
    """Several of a list of choices."""
    PHONE = "phone"
    EMAIL = "email"
    USER = "user"
    REF = "ref"
    FILE = "file"
    COMPUTED = "computed"
    """A value the server works out from an expression; never posted."""
    TABLE = "table"
    GROUP = "group"
    NOTE = "note"
    RULE = "rule"
    """A separating line or a space."""


class Style(StrEnum):
    """How strongly an outcome button speaks."""

    PRIMARY = "primary"
    DANGER = "danger"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Said:
    """A text in Chinese with its English beside it; English falls back to Chinese."""

    zh: str = ""
    en: str = ""

    def in_(self, locale: str) -> str:
        """The text for a locale such as `zh_CN` or `en`."""
        return (self.zh or self.en) if locale.startswith("zh") else (self.en or self.zh)

    def __bool__(self) -> bool:
        return bool(self.zh or self.en)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list."""

    value: str
    label: Said


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value must keep to. Lengths count characters; bounds are inclusive."""

    min_length: int | None = None
    max_length: int | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    decimals: int | None = None
    pattern: str | None = None
    pattern_said: Said = Said()
    min_expression: str | None = None
    """FEEL, for bounds that depend on other fields or on today."""
    max_expression: str | None = None
    min_rows: int | None = None
    max_rows: int | None = None
    accept: tuple[str, ...] = ()
    """File endings, lower case without the dot."""


@dataclass(frozen=True, slots=True)
class Field:
    """One component of a form. What does not apply to its kind is empty."""

    id: str
    kind: Kind
    control: str
    """The form-js component type: textfield, select, radio, dynamiclist, …"""
    path: Path = ()
    label: Said = Said()
    about: Said = Said()
    text: Said = Said()
    """The words of a note, in Markdown."""
    required: bool = False
    required_if: str | None = None
    hide_if: str | None = None
    read_only: bool = False
    read_only_if: str | None = None
    check: str | None = None
    """FEEL that must be true; `value` is the field's own value."""
    check_said: Said = Said()
    options: tuple[Option, ...] = ()
    options_expression: str | None = None
    """FEEL giving the choices as a list of texts or of {label, value}."""
    source: str | None = None
    """Where the server looks choices up: customers, catalogue, people:SR, carriers."""
    expression: str | None = None
    holds: Kind = Kind.TEXT
    """What a computed field's expression gives."""
    default: object = None
    limits: Limits = field(default_factory=Limits)
    multiple: bool = False
    before: Said = Said()
    """What stands before the box, such as ¥."""
    after: Said = Said()
    row: str = ""
    columns: int | None = None
    """Width out of 16; None shares what is left of its row."""
    rows: int | None = None
    """Lines of a text area."""
    placeholder: Said = Said()
    children: tuple[Field, ...] = ()
    fixed_rows: bool = False
    first_rows: int = 1
    total: str | None = None
    """FEEL shown under a table, e.g. its sum; `rows` are the table's rows."""
    total_said: Said = Said()
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The path as text: `delivery_place.city`."""
        return ".".join(self.path)

    def walk(self) -> Iterator[Field]:
        """This field and everything inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A button that completes the task."""

    name: str
    label: Said
    style: Style = Style.PLAIN
    skip_validation: bool = False
    """Hands in what is there: for buttons such as "send back"."""
    confirm: Said = Said()
    hide_if: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A form definition, ready to show and to check."""

    id: str
    name: Said
    fields: tuple[Field, ...]
    outcomes: tuple[Outcome, ...]

    def walk(self) -> Iterator[Field]:
        """Every field, tables and groups before what they hold."""
        for each in self.fields:
            yield from each.walk()

    def outcome(self, name: str) -> Outcome | None:
        """The button of that name."""
        return next((each for each in self.outcomes if each.name == name), None)


SUBMIT = Outcome("submit", Said("提交", "Submit"), Style.PRIMARY)
"""The button of a form that declares none."""
