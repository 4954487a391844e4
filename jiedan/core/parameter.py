"""One business parameter: its value, its unit, what it may be, and how a file declares it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jiedan.core.errors import Invalid
from jiedan.core.i18n import LocalText, lazy
from jiedan.core.text import clean_line, number_text

Value = Decimal | bool | str | list[Decimal]


class ParameterOutOfRange(Invalid):
    """%(name)s must lie between %(low)s and %(high)s."""


class ParameterValueInvalid(Invalid):
    """This is no value for %(name)s."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it stands: amounts of money are in yuan, limits in their `unit`."""

    name: str
    value: Value
    unit: str
    title: LocalText
    low: Decimal | None = None
    high: Decimal | None = None
    options: tuple[str, ...] = ()
    clause: str = ""
    literal: bool = False
    effective_from: datetime | None = None

    def checked(self, value: Any) -> Value:
        """`value` in this parameter's type; raises when it is of another or out of range."""
        try:
            return self._checked(value)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ParameterValueInvalid(
                {self.name: lazy("This is no value for %(name)s.", name=self.name)}, name=self.name
            ) from error

    def _checked(self, value: Any) -> Value:
        if isinstance(self.value, bool):
            if isinstance(value, bool):
                return value
            spoken = str(value).strip().lower()
            if spoken not in ("true", "false"):
                raise ValueError("neither true nor false")
            return spoken == "true"
        if isinstance(self.value, list):
            items = value.split(",") if isinstance(value, str) else list(value)
            numbers = [self._number(item) for item in items]
            if not numbers or numbers != sorted(set(numbers)):
                raise ValueError("a list is in rising order")
            return numbers
        if isinstance(self.value, str):
            if self.options and value not in self.options:
                raise ValueError(f"none of {self.options}")
            return clean_line(str(value), limit=200)
        return self._number(value)

    def _number(self, value: Any) -> Decimal:
        number = Decimal(number_text(str(value)))
        if not number.is_finite():
            raise ValueError("not a number")
        too_low = self.low is not None and number < self.low
        if too_low or (self.high is not None and number > self.high):
            raise ParameterOutOfRange(
                {
                    self.name: lazy(
                        "%(name)s must lie between %(low)s and %(high)s.",
                        name=self.title,
                        low=_shown(self.low),
                        high=_shown(self.high),
                    )
                },
                name=self.title,
                low=_shown(self.low),
                high=_shown(self.high),
            )
        return number


_KNOWN = {"value", "unit", "min", "max", "options", "clause", "literal", "zh", "en"}


def declare(name: str, entry: dict[str, Any]) -> Parameter:
    """The parameter that an entry of `parameters.toml` declares; raises ValueError and the like."""
    if entry.keys() - _KNOWN:
        raise ValueError(f"{name}: unknown {', '.join(sorted(entry.keys() - _KNOWN))}")
    value = entry["value"]
    if isinstance(value, list):
        value = [Decimal(item) for item in value]
    elif not isinstance(value, bool | str):
        value = Decimal(value)
    parameter = Parameter(
        name=name,
        value=value,
        unit=entry.get("unit", ""),
        title=LocalText(entry["zh"], entry["en"]),
        low=Decimal(entry["min"]) if "min" in entry else None,
        high=Decimal(entry["max"]) if "max" in entry else None,
        options=tuple(entry.get("options", ())),
        clause=entry.get("clause", ""),
        literal=entry.get("literal", False),
    )
    try:
        parameter.checked(value)
    except Invalid as error:
        raise ValueError(f"{name}: {error}") from error
    return parameter


def _shown(bound: Decimal | None) -> str:
    return "∞" if bound is None else f"{bound.normalize():f}"
