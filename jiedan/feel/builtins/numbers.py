"""Functions of numbers and logic (DMN 1.5 §10.3.4.2, §10.3.4.5)."""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.run import Run
from jiedan.feel.temporal import DaysDuration, MonthsDuration
from jiedan.feel.values import NUMBERS, ZERO


def _round(run: Run, n: Decimal, scale: Decimal, rounding: str) -> Any:
    places = int(scale) if abs(scale) < 10_000 else 10_000
    if not -6111 <= places <= 6176:
        return run.warn("A number cannot be rounded to %(scale)s places.", scale=str(scale))
    exponent = n.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places:
        return n
    context = NUMBERS.copy()
    context.prec = 7000 if places < 0 else 34 + 6200
    rounded = n.quantize(Decimal((0, (1,), -places)), rounding=rounding, context=context)
    return NUMBERS.plus(rounded)


@builtin("decimal(n: number, scale: number)")
def decimal(run: Run, n: Decimal, scale: Decimal) -> Any:
    """n to that many places, half to even."""
    return _round(run, n, scale, ROUND_HALF_EVEN)


@builtin("floor(n: number, scale?: number)")
def floor(run: Run, n: Decimal, scale: Decimal = ZERO) -> Any:
    """n rounded towards minus infinity."""
    return _round(run, n, scale, ROUND_FLOOR)


@builtin("ceiling(n: number, scale?: number)")
def ceiling(run: Run, n: Decimal, scale: Decimal = ZERO) -> Any:
    """n rounded towards infinity."""
    return _round(run, n, scale, ROUND_CEILING)


@builtin("round up(n: number, scale: number)")
def round_up(run: Run, n: Decimal, scale: Decimal) -> Any:
    """n rounded away from zero."""
    return _round(run, n, scale, ROUND_UP)


@builtin("round down(n: number, scale: number)")
def round_down(run: Run, n: Decimal, scale: Decimal) -> Any:
    """n rounded towards zero."""
    return _round(run, n, scale, ROUND_DOWN)


@builtin("round half up(n: number, scale: number)")
def round_half_up(run: Run, n: Decimal, scale: Decimal) -> Any:
    """n rounded to the nearest, half away from zero."""
    return _round(run, n, scale, ROUND_HALF_UP)


@builtin("round half down(n: number, scale: number)")
def round_half_down(run: Run, n: Decimal, scale: Decimal) -> Any:
    """n rounded to the nearest, half towards zero."""
    return _round(run, n, scale, ROUND_HALF_DOWN)


@builtin("abs(n: number|days|months)")
def absolute(run: Run, n: Any) -> Any:
    """n without its sign."""
    if type(n) is DaysDuration:
        return DaysDuration(abs(n.nanos))
    if type(n) is MonthsDuration:
        return MonthsDuration(abs(n.months))
    return n.copy_abs()


@builtin("modulo(dividend: number, divisor: number)")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Any:
    """dividend - divisor * floor(dividend / divisor): the sign is the divisor's."""
    if divisor.is_zero():
        return run.warn("Nothing can be divided by zero.")
    if dividend.adjusted() - divisor.adjusted() > 33:
        return run.warn("The numbers are too far apart for a remainder.")
    try:
        rest = NUMBERS.remainder(dividend, divisor)
    except ArithmeticError:
        return run.warn("The numbers are too far apart for a remainder.")
    if rest and (rest < 0) != (divisor < 0):
        rest = NUMBERS.add(rest, divisor)
    return rest


@builtin("sqrt(number: number)")
def sqrt(run: Run, number: Decimal) -> Any:
    """The square root."""
    if number < 0:
        return run.warn("A negative number has no square root.")
    return NUMBERS.sqrt(number)


@builtin("log(number: number)")
def log(run: Run, number: Decimal) -> Any:
    """The natural logarithm."""
    if number <= 0:
        return run.warn("Only a positive number has a logarithm.")
    return NUMBERS.ln(number)


@builtin("exp(number: number)")
def exp(run: Run, number: Decimal) -> Any:
    """e to the power of the number."""
    try:
        return NUMBERS.exp(number)
    except ArithmeticError:
        return run.warn("The number is too large.")


def _remainder_of_two(number: Decimal) -> Decimal | None:
    if number != number.to_integral_value():
        return None
    return Decimal(0) if number.adjusted() > 34 else NUMBERS.remainder(number, Decimal(2))


@builtin("odd(number: number)")
def odd(run: Run, number: Decimal) -> bool:
    """Whether the number is odd."""
    rest = _remainder_of_two(number)
    return rest is not None and not rest.is_zero()


@builtin("even(number: number)")
def even(run: Run, number: Decimal) -> bool:
    """Whether the number is even."""
    rest = _remainder_of_two(number)
    return rest is not None and rest.is_zero()


@builtin("not(negand: any)")
def negation(run: Run, negand: Any) -> bool | None:
    """The opposite truth; null for what is neither true nor false."""
    return not negand if type(negand) is bool else None
