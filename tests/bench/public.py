"""The rows that need public test data: `make bench DIR=…` with the folder that holds it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from jiedan.core.settings import SOURCE_ROOT
from tests.bench.rows import Row, at_least, at_most

_BPMN = re.compile(
    r"conformance: completed (\d+), refused (\d+), waiting (\d+), dead (\d+), "
    r"crashed (\d+) of (\d+)"
)
_DMN = re.compile(r"conformance: (\d+) of (\d+) test cases passed")


def measure(folder: Path) -> list[Row]:
    """Decision test cases and diagrams found under the folder, each set on its own."""
    rows: list[Row] = []
    for part in sorted(one for one in (folder, *folder.iterdir()) if one.is_dir()):
        if part != folder or not any(one.is_dir() for one in folder.iterdir()):
            rows += _of(part)
    return rows


def _of(folder: Path) -> list[Row]:
    said = subprocess.run(
        [sys.executable, "-m", "jiedan.cli", "conformance", str(folder)],
        cwd=SOURCE_ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    rows: list[Row] = []
    for found in _BPMN.finditer(said):
        completed, refused, waiting, dead, crashed, whole = map(int, found.groups())
        note = f"{completed} completed, {refused} refused, {waiting} waiting of {whole}"
        share = (completed + refused) / max(whole, 1) * 100
        name = f"public diagrams, {folder.name}"
        rows += [
            at_most(f"{name}: dead or crashed", dead + crashed, 0, unit="", note=note),
            at_least(f"{name}: completed or refused by name", share, 95, unit="%"),
        ]
    for found in _DMN.finditer(said):
        passed, whole = map(int, found.groups())
        note = f"{passed:,} of {whole:,} test cases"
        share = passed / max(whole, 1) * 100
        rows.append(at_least(f"DMN TCK, {folder.name}", share, 99, unit="%", note=note))
    return rows
