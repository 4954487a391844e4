"""Which characters a class of a pattern takes: escapes, categories, blocks (XPath F&O 3.1 §5.6)."""

import unicodedata
from collections.abc import Callable

Predicate = Callable[[str], bool]
"""Whether a character belongs to the class."""

_BLOCKS = {
    "BasicLatin": (0x0, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "Greek": (0x370, 0x3FF),
    "GreekandCoptic": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "GeneralPunctuation": (0x2000, 0x206F),
    "CurrencySymbols": (0x20A0, 0x20CF),
    "CJKSymbolsandPunctuation": (0x3000, 0x303F),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
    "HalfwidthandFullwidthForms": (0xFF00, 0xFFEF),
}
_CATEGORIES = frozenset(
    [
        "L",
        "Lu",
        "Ll",
        "Lt",
        "Lm",
        "Lo",
        "M",
        "Mn",
        "Mc",
        "Me",
        "N",
        "Nd",
        "Nl",
        "No",
        "P",
        "Pc",
        "Pd",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Po",
        "Z",
        "Zs",
        "Zl",
        "Zp",
        "S",
        "Sm",
        "Sc",
        "Sk",
        "So",
        "C",
        "Cc",
        "Cf",
        "Co",
        "Cn",
        "Cs",
    ]
)


def is_space(char: str) -> bool:
    r"""\s"""
    return char in " \t\n\r"


def is_digit(char: str) -> bool:
    r"""\d"""
    return unicodedata.category(char) == "Nd"


def is_word(char: str) -> bool:
    r"""\w: neither punctuation nor separator nor control; an underscore too, as everywhere."""
    return unicodedata.category(char)[0] not in "PZC" or char == "_"


def is_name_start(char: str) -> bool:
    r"""\i"""
    return char in "_:" or unicodedata.category(char)[0] == "L"


def is_name_part(char: str) -> bool:
    r"""\c"""
    return char in "-.·" or is_name_start(char) or unicodedata.category(char)[0] in "NM"


ESCAPES: dict[str, Predicate] = {
    "s": is_space,
    "d": is_digit,
    "w": is_word,
    "i": is_name_start,
    "c": is_name_part,
}
"""Letter after the backslash → class; the capital letter is its opposite."""


def category(name: str) -> Predicate | None:
    """The class of a Unicode category or block (IsGreek), if there is one of that name."""
    if name.startswith("Is"):
        block = _BLOCKS.get(name[2:])
        if block is None:
            return None
        low, high = block
        return lambda char: low <= ord(char) <= high
    if name not in _CATEGORIES:
        return None
    return lambda char: unicodedata.category(char).startswith(name)


def opposite(predicate: Predicate) -> Predicate:
    """All other characters."""
    return lambda char: not predicate(char)


def any_case(predicate: Predicate) -> Predicate:
    """The same in small and capital letters."""
    return lambda char: any(map(predicate, _cases(char)))


_UNUSUAL = {"k": "\u212a", "s": "\u017f", "å": "\u212b", "ω": "\u2126", "µ": "μ", "μ": "µ"}
"""Small letters that have a further form besides their capital."""


def _cases(char: str) -> set[str]:
    lower = char.lower()
    return {char, lower, char.upper(), lower.upper(), _UNUSUAL.get(lower, char)}
