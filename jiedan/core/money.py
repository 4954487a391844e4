"""Money: whole fen inside, yuan as people write them outside (SPEC S0.2)."""

from __future__ import annotations

import re

from jiedan.core.errors import Invalid
from jiedan.core.text import number_text

Fen = int
"""An amount of money in fen, 1/100 yuan."""

LARGEST: Fen = 99_999_999_999
"""¥999,999,999.99, the largest amount that can be typed."""


class AmountInvalid(Invalid):
    """This is not an amount: write yuan like 1200.50, at most 999,999,999.99."""


class AmountTooPrecise(AmountInvalid):
    """An amount has at most two decimal places."""


class AmountNegative(AmountInvalid):
    """An amount cannot be negative."""


class AmountTooLarge(AmountInvalid):
    """An amount can be at most 999,999,999.99."""


_AMOUNT = re.compile(r"(?P<sign>[-+]?)[¥¥]?(?P<yuan>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fen>\d*))?元?")


def parse_yuan(text: str) -> Fen:
    """The fen in an amount of yuan as people write it: `1200`, `¥1,200.50`, `１２００．５`.

    Raises AmountInvalid or one of its kinds for anything else: signs, exponents, NaN, three
    decimals, more than 999,999,999.99.
    """
    match = _AMOUNT.fullmatch(number_text(text))
    if match is None or not match["yuan"].isascii() or not (match["fen"] or "0").isascii():
        raise AmountInvalid
    decimals = match["fen"] or ""
    if len(decimals.rstrip("0")) > 2:
        raise AmountTooPrecise
    fen = int(match["yuan"].replace(",", "")[:20]) * 100 + int(decimals[:2].ljust(2, "0"))
    if match["sign"] == "-" and fen:
        raise AmountNegative
    if fen > LARGEST:
        raise AmountTooLarge
    return fen


def yuan_text(fen: Fen) -> str:
    """The amount as it is typed into a form: `1200.50`."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100}.{rest % 100:02}"


def format_yuan(fen: Fen) -> str:
    """The amount as it is read: `¥1,200.50`."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}¥{rest // 100:,}.{rest % 100:02}"


def capital_yuan(fen: Fen) -> str:
    """The amount in the characters that contracts and invoices use: `壹拾肆万柒仟贰佰元整`."""
    if fen < 0:
        return "负" + capital_yuan(-fen)
    yuan, rest = divmod(fen, 100)
    jiao, cents = divmod(rest, 10)
    text = f"{_capital_whole(yuan)}元" if yuan else ""
    if not rest:
        return f"{text or '零元'}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif yuan:
        text += "零"
    return text + (f"{_DIGITS[cents]}分" if cents else "整")


def share(total: Fen, part: int, whole: int) -> Fen:
    """`part` of `whole` of an amount, rounded half up to a fen; exact in integers."""
    doubled = 2 * total * part + whole
    return doubled // (2 * whole)


def split(total: Fen, weights: list[int]) -> list[Fen]:
    """An amount divided in proportion to `weights`, with nothing lost to rounding.

    Largest remainders get the odd fen; equal weights get it from the front.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to more than nothing")
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def _capital_whole(number: int) -> str:
    text = ""
    gap = False
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    for position in range(len(groups) - 1, -1, -1):
        group = groups[position]
        if not group:
            gap = True
            continue
        if text and (gap or group < 1_000):
            text += "零"
        text += _capital_group(group) + _GROUPS[position]
        gap = False
    return text


def _capital_group(group: int) -> str:
    text = ""
    gap = False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return text
