"""Random expressions after the grammar, for tests."""

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["a", "b", "order total", "客户", "xs", "who", "item", "partial", "?", "sum", "f"]
)
LITERALS = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.decimals(-100, 100, places=3).map(str),
    st.sampled_from(
        [
            "true", "false", "null", '""', '"abc"', '"王"', '"a\\nb"', '@"2026-03-02"',
            '@"2026-03-02T09:30:00Z"', '@"09:30:00@Asia/Shanghai"', '@"P1Y2M"', '@"P3DT4H"',
            "[]", "{}", "1e400", "0.1", ".5", "1e-6200",
        ]
    ),
)  # fmt: skip
FUNCTIONS = st.sampled_from(
    [
        "sum", "count", "min", "max", "mean", "string", "number", "date", "time", "duration",
        "date and time", "years and months duration", "substring", "matches", "replace", "split",
        "list contains", "append", "sort", "flatten", "distinct values", "get value", "get entries",
        "context put", "context", "abs", "modulo", "decimal", "floor", "round up", "sqrt", "log",
        "before", "overlaps", "includes", "day of week", "week of year", "not", "all", "any",
        "index of", "sublist", "insert before", "remove", "list replace", "string join", "range",
        "is", "mode", "stddev", "median", "union", "concatenate", "upper case", "starts with",
        "now", "today", "exp", "odd", "product", "reverse", "context merge",
    ]
)  # fmt: skip
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
)
TEMPLATES = st.sampled_from(
    [
        "E O E", "(E)", "-E", "[L]", "{N: E, N: E}", "(E).N", "(E)[E]", "if E then E else E",
        "for N in E return E", "for a in E..E return E", "for N in E, N in E return E",
        "some N in E satisfies E", "every N in E satisfies E", "E between E and E", "E in (E, E)",
        "E in E", "[E..E)", "]E..E]", "E instance of number", "E instance of list<string>",
        "E instance of context<a: number>", "E instance of function<Any> -> Any",
        "(function(a, b) E)(E, E)", "F(L)", "F(L)", "F(L)", "sort(E, function(a, b) E)", "(< E)",
        "(>= E)", "(= E)", "(!= E)", "{f: function(n) E, r: f(E)}.r", "function(n: number) E",
    ]
)  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """An expression nested at most so deep."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(LITERALS | NAMES)
    parts = []
    for char in draw(TEMPLATES):
        if char == "E":
            parts.append(draw(expressions(depth - 1)))
        elif char == "L":
            entries = draw(st.lists(expressions(depth - 1), max_size=3))
            parts.append(", ".join(entries))
        else:
            parts.append(
                draw({"O": OPERATORS, "N": NAMES, "F": FUNCTIONS}.get(char, st.just(char)))
            )
    return "".join(parts)


EXPRESSIONS = expressions()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.decimals()
    | st.text(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.timedeltas(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
SCOPES = st.fixed_dictionaries({}, optional=dict.fromkeys(["a", "b", "order total", "xs"], VALUES))
