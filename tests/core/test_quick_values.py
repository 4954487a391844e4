"""Dataclasses that write their methods late behave as others do."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from jiedan.core.quick_values import deferred

pytestmark = pytest.mark.skipif(
    not hasattr(dataclasses, "_create_fn"), reason="this Python compiles the methods together"
)


@pytest.fixture(autouse=True)
def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    write = dataclasses._create_fn  # type: ignore[attr-defined]
    monkeypatch.setattr(dataclasses, "_create_fn", deferred(write))


def test_a_late_value_is_made_shown_compared_and_hashed_like_any_other() -> None:
    @dataclass(frozen=True, slots=True)
    class Line:
        sku: str
        quantity: int = 1
        notes: list[str] = field(default_factory=list, compare=False)

    one, same, other = Line("A"), Line("A", notes=["x"]), Line(sku="A", quantity=2)

    assert repr(one).endswith("Line(sku='A', quantity=1, notes=[])")
    assert (one == same, one == other, hash(one) == hash(same)) == (True, False, True)
    assert one.notes is not Line("A").notes
    assert dataclasses.replace(one, quantity=5).quantity == 5


def test_a_late_frozen_value_refuses_changes_every_time() -> None:
    @dataclass(frozen=True, slots=True)
    class Line:
        sku: str

    one = Line("A")

    for _ in range(2):
        with pytest.raises(FrozenInstanceError):
            one.sku = "B"  # type: ignore[misc]
        with pytest.raises(FrozenInstanceError):
            del one.sku
    assert one.sku == "A"


def test_late_values_inherit() -> None:
    @dataclass(frozen=True, slots=True)
    class Base:
        name: str

    @dataclass(frozen=True, slots=True)
    class Child(Base):
        age: int = 0

    @dataclass(slots=True)
    class Open:
        name: str

    child, base, changing = Child("a", 3), Base("a"), Open("a")
    changing.name = "b"

    assert (child.name, child.age, base.name, changing.name) == ("a", 3, "a", "b")
    assert base != child
    with pytest.raises(TypeError, match="missing"):
        Child()  # type: ignore[call-arg]
