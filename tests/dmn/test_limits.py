"""Hostile models end in an error of the package."""

import time

import pytest

from jiedan.dmn import load_model
from jiedan.feel import FeelError
from tests.dmn.models import decision, definitions, literal, requires, table

MANY = "for a in 1..9000, b in 1..9000 return a"
RECURSIVE = (
    '<businessKnowledgeModel id="f" name="f"><encapsulatedLogic><formalParameter name="n"/>'
    + literal("[f(n + 1), f(n + 1)]")
    + "</encapsulatedLogic></businessKnowledgeModel>"
)
HOSTILE = {
    "a loop": decision("it", literal(MANY)),
    "a loop in a cell": decision("it", table(["1"], ["x"], [([f"count({MANY}) = ?"], ["1"])])),
    "endless recursion": RECURSIVE + decision("it", literal("f(1)"), requires([], [], ["f"])),
    "shared lists": decision("a0", literal("[1, 1]"))
    + "".join(
        decision(f"a{level}", literal(f"[a{level - 1}, a{level - 1}]"),
                 requires([], [f"a{level - 1}"]))
        for level in range(1, 40)
    )
    + decision("it", literal("string(a39)"), requires([], ["a39"])),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_stopped(name: str):
    model = load_model(definitions(HOSTILE[name]))

    start = time.thread_time()
    with pytest.raises(FeelError):
        model.decide("it", {})

    assert time.thread_time() - start < 1


def test_a_result_that_shares_its_parts_without_end_is_refused():
    levels = "".join(
        decision(f"a{level}", literal(f"[a{level - 1}, a{level - 1}]"),
                 requires([], [f"a{level - 1}"]))
        for level in range(1, 40)
    )  # fmt: skip
    model = load_model(definitions(decision("a0", literal("[1, 1]")), levels))

    with pytest.raises(FeelError):
        model.decide("a39", {})


def test_a_model_nested_too_deep_is_refused():
    deep = "<list>" * 60 + literal("1") + "</list>" * 60

    with pytest.raises(FeelError):
        load_model(definitions(decision("it", deep)))
