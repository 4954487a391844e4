"""Measures whether a BPMN file survives: imported, handed out and imported again it says the same.

    jiedan conformance --round-trip DIR

What the import converts on purpose is in its report and counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from jiedan.core.errors import JiedanError
from jiedan.flow.bpmn_conformance import files_in
from jiedan.flow.bpmn_facts import DRAWN, Difference, compare, facts_of
from jiedan.flow.content.xml import parse_xml
from jiedan.flow.importing import Imported, import_diagram
from jiedan.flow.importing.conversion import owner_of


@dataclass(frozen=True, slots=True)
class Trip:
    """What became of one file on its way in, out and in again."""

    facts: int
    lost: tuple[Difference, ...]
    """Differences that no row of the report explains."""
    reported: int
    """Differences that one does."""


def travel(content: bytes, *, filename: str) -> Trip:
    """Import a file, and import what comes out again. Raises what the import raises."""
    root = parse_xml(content)
    before = facts_of(root)
    first = import_diagram(content, filename=filename)
    second = import_diagram(first.source, filename=filename)
    found = compare(before, facts_of(parse_xml(second.source)))
    reported = _changed(root, first)
    lost = tuple(one for one in found if one.key[0] in DRAWN or one.key[1] not in reported)
    return Trip(len(before), lost, len(found) - len(lost))


def _changed(root: etree._Element, imported: Imported) -> set[str]:
    """The ids of the elements that the report speaks of, and of what is in them."""
    named = {row.element_id for row in imported.rows}
    return {
        node.get("id", "")
        for node in root.iter("{*}*")
        if node.get("id") and owner_of(node).get("id") in named
    }


def run(folder: Path) -> Iterator[str]:
    """The lines to show about all files of a folder; the last one has the numbers."""
    counts: Counter[str] = Counter()
    for path in files_in(folder):
        name = path.relative_to(folder)
        try:
            trip = travel(path.read_bytes(), filename=path.name)
        except JiedanError as error:
            counts["refused"] += 1
            yield f"{name}: refused: {error}"
            continue
        counts["different" if trip.lost else "same"] += 1
        counts["facts"] += trip.facts
        if trip.lost or trip.reported:
            said = f"{len(trip.lost)} lost, {trip.reported} converted and reported"
            yield f"{name}: {trip.facts} facts, {said}"
        for one in trip.lost:
            yield f"  {one}"
    total = counts["same"] + counts["different"] + counts["refused"]
    yield (
        f"round trip: same {counts['same']}, different {counts['different']}, "
        f"refused {counts['refused']} of {total}; {counts['facts']} facts"
    )
