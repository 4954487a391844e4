"""Looks whether every clause of the regulations is drawn in a diagram or proved by a test.

`python -m tests.requirements` prints the clauses that nothing answers for; it fails when one of
them belongs to a part that is built (`BUILT`), the others are listed as open.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT = frozenset({"INT", "REV", "SPA", "EXE", "DEL", "AFT", "CRD"})
"""Intake, review, special approval, execution, delivery, after-sales, credit of an order."""
NOT_AT_ORDER_TIME = frozenset({"S5.1.1", "S5.1.2"})
"""Clauses of the credit part that speak of grading customers, long before an order."""
_ID = re.compile(r"[SN]\d+(?:\.\d+)*[a-z]?")


def load_clauses(path: Path = ROOT / "tests" / "clauses.toml") -> dict[str, frozenset[str]]:
    """Clause id → components that answer for it."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {clause: frozenset(parts) for clause, parts in found.items()}


def drawn(folder: Path = ROOT / "processes") -> set[str]:
    """Clauses that an element of a diagram or a decision names after `REQ:`."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*.bpmn")) + sorted(folder.rglob("*.dmn")):
        for line in re.findall(r"REQ:([^<\n]*)", path.read_text(encoding="utf-8")):
            found.update(_ID.findall(line))
    return found


def proved(folder: Path = ROOT / "tests") -> set[str]:
    """Clauses that a test is marked with: `@pytest.mark.req("S2.3.6")`."""
    found: set[str] = set()
    for path in sorted(folder.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.req"):
                found.update(_texts(node.args))
    return found


def _texts(arguments: list[ast.expr]) -> Iterator[str]:
    for one in arguments:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def uncovered() -> tuple[list[str], list[str]]:
    """Clauses nothing answers for: of parts that are built, and of the others."""
    known = drawn() | proved()
    open_ones = {clause: parts for clause, parts in load_clauses().items() if clause not in known}
    missing = [
        clause
        for clause, parts in open_ones.items()
        if parts & BUILT and clause not in NOT_AT_ORDER_TIME
    ]
    return missing, [clause for clause in open_ones if clause not in missing]


def main() -> int:
    """Print what is open; 1 when a built part leaves a clause unanswered."""
    missing, later = uncovered()
    total = len(load_clauses())
    if later:
        print(f"open in parts that are not built yet: {', '.join(later)}")
    if missing:
        print(f"neither drawn nor proved: {', '.join(missing)}")
    print(f"requirements: {total - len(missing) - len(later)} of {total} clauses are answered for")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
