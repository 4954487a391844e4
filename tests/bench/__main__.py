"""`make bench`: measures, prints a table, writes var/bench.json. Takes less than eight minutes.

`make bench ONLY="timers people"` measures some sections only; `--list` names them all.
`make bench DIR=…` also measures with the public test data of that folder.
Any module `bench_*.py` beside this one with a function `measure() -> Iterable[Row]` is a section.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from jiedan.core.settings import SOURCE_ROOT
from tests.bench import limits, over_http, public, service, timers, together
from tests.bench.postgres import postgres
from tests.bench.rows import Row, just, table, write_json
from tests.installation import Installation, furnish

CONTENT = Path(__file__).parent / "content"
PEOPLE = {f"clerk{number:02}": "OC" for number in range(1, 50)}
Section = Callable[[Path], Iterable[Row]]


def main(arguments: list[str]) -> int:
    """Everything in one run, so that ours and the limits meet the same machine."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", nargs="+", metavar="SECTION", help="these sections only")
    parser.add_argument("--list", action="store_true", help="name the sections and end")
    parser.add_argument("--dir", type=Path, help="a folder with public test data")
    given = parser.parse_args(arguments)
    sections = _sections(given.dir)
    if given.list:
        print("\n".join(sections))
        return 0
    unknown = sorted(set(given.only or ()) - set(sections))
    if unknown:
        parser.error(f"no such section: {', '.join(unknown)}; there are {', '.join(sections)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as name:
        for section, measure in sections.items():
            if given.only and section not in given.only:
                continue
            folder = Path(name) / section
            folder.mkdir()
            began = time.monotonic()
            rows.extend(measure(folder))
            print(f"measured {section} in {time.monotonic() - began:.0f} s", flush=True)
    print(table(rows))
    load = os.getloadavg()[0]
    print(f"\n{os.cpu_count()} cores, load {load:.1f} at the end; times hold for this machine.")
    write_json(rows, SOURCE_ROOT / "var" / "bench.json")
    return 0


def _sections(data: Path | None) -> dict[str, Section]:
    sections: dict[str, Section] = {
        "start": over_http.measure_start,
        "service": _service,
        "statements": lambda folder: service.measure_statements(_place(folder), on="SQLite"),
        "growth": lambda folder: service.measure_growth(_place(folder)),
        "bytes": lambda folder: service.measure_bytes(_place(folder)),
        "idle": lambda folder: service.measure_idle(_place(folder), on="SQLite"),
        "timers": _timers,
        "http": _http,
        "people": lambda folder: _people(_place(folder), "SQLite"),
        "kill": lambda folder: together.measure_kill(_place(folder)),
        "postgres": _postgres,
    }
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        sections[path.stem.removeprefix("bench_")] = partial(_beside, path.stem)
    if data is not None:
        sections["public"] = lambda folder: public.measure(data)
    return sections


def _service(folder: Path) -> Iterator[Row]:
    commits = limits.durable_commits(folder)
    yield just("limit: durable commits/s of SQLite", commits, unit="/s")
    yield from service.measure_service(_place(folder), commits=commits)


def _timers(folder: Path) -> Iterator[Row]:
    for name, measure in (("late", timers.measure_lateness), ("many", timers.measure_drain)):
        (folder / name).mkdir()
        yield from measure(_place(folder / name))


def _http(folder: Path) -> Iterator[Row]:
    place = _place(folder)
    yield from over_http.measure_latency(place, name="SQLite", target=3.0, seconds=6.0)
    yield from over_http.measure_rate(place)


def _people(place: Installation, on: str) -> Iterator[Row]:
    yield from together.measure_four(place, on=on)
    yield from together.measure_fifty(place, on=on)


def _postgres(folder: Path) -> Iterator[Row]:
    with postgres() as url:
        place = _place(folder, url)
        yield from over_http.measure_latency(place, name="PostgreSQL", target=4.0, seconds=6.0)
        yield from service.measure_statements(place, on="PostgreSQL")
        yield from _people(place, "PostgreSQL")
        yield from service.measure_idle(place, on="PostgreSQL", instances=400)


def _place(folder: Path, url: str = "") -> Installation:
    return furnish(folder, url, content=CONTENT, people=PEOPLE)


def _beside(module: str, _folder: Path) -> Iterable[Row]:
    found: Iterable[Row] = importlib.import_module(f"tests.bench.{module}").measure()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
