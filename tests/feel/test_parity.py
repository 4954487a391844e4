"""Ours beside feelin, the evaluator inside the browser editors; each difference is explained."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jiedan.feel import FeelError, evaluate, to_plain
from jiedan.feel.values import FeelFunction, Range
from tests.feel.parity_differences import DIFFERENCES, ERROR
from tests.feel.parity_expressions import EXPRESSIONS, SCOPE

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def plain(value: Any) -> Any:
    """The value as parity.mjs writes feelin's."""
    if isinstance(value, Range):
        ends = [plain(value.low), plain(value.high), value.low_closed, value.high_closed]
        return {"range": ends}
    if isinstance(value, FeelFunction):
        return "function"
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    value = to_plain(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def ours(text: str) -> Any:
    """What we answer."""
    try:
        return plain(evaluate(text, SCOPE))
    except FeelError:
        return ERROR


def same(a: Any, b: Any) -> bool:
    """Equal, numbers to twelve digits: ours are decimal, those of feelin are binary."""
    if isinstance(a, str) and isinstance(b, float):
        a = float(a)
    if isinstance(a, float) and isinstance(b, int | float) and not isinstance(b, bool):
        return abs(a - b) <= 1e-12 * max(1.0, abs(a))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@pytest.fixture(scope="module")
def differing() -> dict[str, tuple[Any, Any]]:
    """Expression → our answer and theirs, where they differ."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "feelin").is_dir():
        pytest.skip("node or the package feelin is not installed")
    cases = [{"text": text, "scope": SCOPE} for text in EXPRESSIONS]
    done = subprocess.run(
        [node, str(HERE / "parity.mjs")],
        input=json.dumps(cases).encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    found = {}
    for text, answer in zip(EXPRESSIONS, json.loads(done.stdout), strict=True):
        theirs = ERROR if "error" in answer else answer["value"]
        mine = ours(text)
        if not same(mine, theirs):
            found[text] = (mine, theirs)
    return found


def test_at_least_five_hundred_expressions_are_compared():
    assert len(set(EXPRESSIONS)) >= 500


def test_every_difference_from_feelin_is_explained(differing: dict[str, tuple[Any, Any]]):
    unexplained = {
        text: both
        for text, both in differing.items()
        if not any(each.explains(text, *both) for each in DIFFERENCES)
    }

    assert unexplained == {}


def test_no_explanation_is_out_of_date(differing: dict[str, tuple[Any, Any]]):
    idle = [
        each.reason
        for each in DIFFERENCES
        if not any(each.explains(text, *both) for text, both in differing.items())
    ]

    assert idle == []
