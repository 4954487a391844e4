"""Functions of lists (DMN 1.5 §10.3.4.4)."""

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.compare import equal
from jiedan.feel.functions import invoke
from jiedan.feel.run import Run
from jiedan.feel.values import FeelFunction

List = list[Any]


def _place(run: Run, position: Decimal, length: int) -> int | None:
    """The offset of a position from 1, or from the end when negative; null when there is none.

    Digits after the point are dropped.
    """
    place = int(position) if abs(position) <= length + 1 else 0
    if 0 < abs(place) <= length:
        return place - 1 if place > 0 else length + place
    return run.warn(
        "A list of %(size)s entries has no entry %(index)s.", size=length, index=str(position)
    )


@builtin("list contains(list: list, element: any)")
def list_contains(run: Run, list: List, element: Any) -> bool:
    """Whether an entry equals the element."""
    run.spend(len(list))
    return any(equal(entry, element, run) for entry in list)


@builtin("count(list: list)")
def count(run: Run, list: List) -> Decimal:
    """The number of entries."""
    return Decimal(len(list))


@builtin("sublist(list: list, start position: number, length?: number)")
def sublist(run: Run, list: List, start: Decimal, length: Decimal | None = None) -> Any:
    """The entries from that position, that many."""
    place = _place(run, start, len(list))
    if place is None:
        return None
    if length is None:
        return list[place:]
    if length < 1 or place + length > len(list):
        return run.warn("The list has no %(length)s entries there.", length=str(length))
    return list[place : place + int(length)]


@builtin("append(list: list, item...: any)")
def append(run: Run, list: List, *items: Any) -> List:
    """The list with the items at its end."""
    run.room(len(list) + len(items))
    return [*list, *items]


@builtin("concatenate(list...: list)")
def concatenate(run: Run, *lists: List) -> List:
    """One list of all entries."""
    run.room(sum(map(len, lists)))
    return [entry for each in lists for entry in each]


@builtin("insert before(list: list, position: number, newItem: any)")
def insert_before(run: Run, list: List, position: Decimal, item: Any) -> Any:
    """The list with the item put in before that position."""
    place = _place(run, position, len(list))
    if place is None:
        return None
    run.room(len(list) + 1)
    return [*list[:place], item, *list[place:]]


@builtin("remove(list: list, position: number)")
def remove(run: Run, list: List, position: Decimal) -> Any:
    """The list without the entry at that position."""
    place = _place(run, position, len(list))
    if place is None:
        return None
    run.room(len(list))
    return [*list[:place], *list[place + 1 :]]


@builtin("list replace(list: list, position: number, newItem: any)")
def list_replace(run: Run, list: List, position: Decimal, item: Any) -> Any:
    """The list with the item in place of the entry at that position."""
    place = _place(run, position, len(list))
    if place is None:
        return None
    run.room(len(list))
    return [*list[:place], item, *list[place + 1 :]]


@builtin("list replace(list: list, match: function, newItem: any)")
def list_replace_matches(run: Run, list: List, match: FeelFunction, item: Any) -> Any:
    """The list with the item in place of each entry for which match(entry, item) is true."""
    replaced = []
    for entry in list:
        answer = invoke(match, run, [entry, item], None)
        if type(answer) is not bool:
            return run.warn("The function must say true or false.")
        replaced.append(item if answer else entry)
    return replaced


@builtin("reverse(list: list)")
def reverse(run: Run, list: List) -> List:
    """The list from its end."""
    run.room(len(list))
    return list[::-1]


@builtin("index of(list: list, match: any)")
def index_of(run: Run, list: List, match: Any) -> List:
    """The positions of the entries that equal the match."""
    run.spend(len(list))
    return [Decimal(place) for place, entry in enumerate(list, 1) if equal(entry, match, run)]


_HASHABLE = frozenset({Decimal, str, bool, type(None)})


class Distinct:
    """Entries, each once, in the order they came."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.kept: List = []
        self._seen: set[tuple[type, Any]] = set()
        self._others: List = []

    def add(self, entry: Any) -> bool:
        """Keep the entry unless an equal one is kept already; whether it was new."""
        self.run.spend()
        if type(entry) in _HASHABLE:
            key = (type(entry), entry)
            if key in self._seen:
                return False
            self._seen.add(key)
        else:
            self.run.spend(len(self._others))
            if any(equal(entry, other, self.run) for other in self._others):
                return False
            self._others.append(entry)
        self.kept.append(entry)
        return True


@builtin("distinct values(list: list)")
def distinct_values(run: Run, list: List) -> List:
    """Each entry once."""
    distinct = Distinct(run)
    for entry in list:
        distinct.add(entry)
    return distinct.kept


@builtin("union(list...: list)")
def union(run: Run, *lists: List) -> List:
    """All entries of the lists, each once."""
    return distinct_values(run, concatenate(run, *lists))  # type: ignore[no-any-return]


@builtin("flatten(list: list)")
def flatten(run: Run, list: List) -> List:
    """The entries of the list and of the lists in it."""
    flat: List = []
    waiting = [iter(list)]
    while waiting:
        for entry in waiting[-1]:
            run.spend()
            if type(entry) is type(list):
                waiting.append(iter(entry))
                break
            flat.append(entry)
        else:
            waiting.pop()
    run.room(len(flat))
    return flat


@builtin("sort(list: list, precedes: function)")
def sort(run: Run, list: List, precedes: FeelFunction) -> Any:
    """The list in the order that precedes(a, b) says; equals stay in their order."""

    def before(a: Any, b: Any) -> int:
        return -1 if invoke(precedes, run, [a, b], None) is True else 1

    run.room(len(list))
    return sorted(list, key=cmp_to_key(before))


@builtin("all(list: list)")
def all_true(run: Run, list: List) -> bool | None:
    """Whether all entries are true: three-valued."""
    if any(entry is False for entry in list):
        return False
    return None if any(type(entry) is not bool for entry in list) else True


@builtin("any(list: list)")
def any_true(run: Run, list: List) -> bool | None:
    """Whether one entry is true: three-valued."""
    if any(entry is True for entry in list):
        return True
    return None if any(type(entry) is not bool for entry in list) else False


@builtin("all(b...: any)")
def all_of(run: Run, *values: Any) -> bool | None:
    """Whether all are true."""
    return all_true(run, list(values)) if values else None


@builtin("any(b...: any)")
def any_of(run: Run, *values: Any) -> bool | None:
    """Whether one is true."""
    return any_true(run, list(values)) if values else None
