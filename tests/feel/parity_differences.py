"""Why ours and feelin 8.2.0 answer differently, and where."""

import re
from dataclasses import dataclass
from typing import Any

ANYTHING = object()
ERROR = "an error"


@dataclass(frozen=True, slots=True)
class Difference:
    """A reason, the expressions it holds for, and both answers where they are always the same."""

    reason: str
    pattern: str
    ours: Any = ANYTHING
    theirs: Any = ANYTHING

    def explains(self, text: str, ours: Any, theirs: Any) -> bool:
        """Whether this is why the answers to the expression differ."""
        return (
            re.fullmatch(self.pattern, text) is not None
            and (self.ours is ANYTHING or self.ours == ours)
            and (self.theirs is ANYTHING or self.theirs == theirs)
        )


_LATER = "starts|started by|finishes|finished by|during|coincides|overlaps before|overlaps after"

DIFFERENCES = [
    Difference(
        "Numbers may have an exponent (DMN 1.5 grammar rule 35); feelin reads only the digits "
        "before it.",
        r"1e3",
        ours=1000,
        theirs=1,
    ),
    Difference(
        "Only true leads to `then` (§10.3.2.13.8); feelin takes every text that is not empty for "
        "true.",
        r'if "x" then 1 else 2',
        ours=2,
        theirs=1,
    ),
    Difference(
        "Values of different types have no order, and neither have truth values, lists and "
        "contexts (table 54): null. feelin compares them as JavaScript does, or throws.",
        r".+ < .+",
        ours=None,
    ),
    Difference(
        "Values of different types are not comparable, a list of one entry included (table 53): "
        "null. feelin takes the list for its entry and both durations for one type.",
        r'(.+ !?= \[1\]|\[1\] !?= .+|@"P1[DM]" !?= @"P1[DM]")',
        ours=None,
    ),
    Difference(
        "A position must lie within the text (§10.3.4.3, footnote 1): null.",
        r'substring\("foobar", 7\)',
        ours=None,
        theirs="",
    ),
    Difference(
        "Texts have an order, so a list of them has a largest one; feelin knows numbers only.",
        r'max\(\["a", "b"\]\)',
        ours="b",
        theirs=None,
    ),
    Difference(
        "Position -1 is the last entry (table 75); feelin takes another one.",
        r"(insert before|remove)\(.*-1.*\)",
    ),
    Difference(
        "get value takes a path of keys since DMN 1.4.",
        r'get value\(\{a: \{b: 2\}\}, \["a", "b"\]\)',
        ours=2,
        theirs=None,
    ),
    Difference(
        "A years and months duration has no days; feelin keeps them.",
        r"years and months duration\(.*\)",
    ),
    Difference(
        "The difference of two moments counts their time zones; feelin compares the clocks.",
        r'date and time\("2026-03-02T09:30:00Z"\) - .*',
        ours="PT8H",
        theirs="PT0S",
    ),
    Difference(
        "Durations can be multiplied and divided (table 56).",
        r".*duration\(.*\) [*/] .*|3 \* duration.*",
        theirs=None,
    ),
    Difference(
        "A loop may go from date to date (§10.3.2.14).",
        r"for d in @.*",
        theirs=ERROR,
    ),
    Difference(
        "range() makes a range of a text (table 71).",
        r"range\(.*\)",
        theirs=None,
    ),
    Difference(
        "These functions of ranges (table 78) are not there in feelin.",
        rf"({_LATER})\(.*\)",
        theirs=None,
    ),
    Difference(
        "A wrong operator is refused and the right one named; feelin goes on and answers null.",
        r"1 == 1",
        ours=ERROR,
        theirs=None,
    ),
]
