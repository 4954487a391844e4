"""`make bench`: measures, prints a table, writes var/bench.json. Takes less than four minutes.

Any module `bench_*.py` beside this one with a function `measure() -> Iterable[Row]` adds rows.
"""

from __future__ import annotations

import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from jiedan.core.settings import SOURCE_ROOT
from tests.bench import limits, over_http, service
from tests.bench.postgres import postgres
from tests.bench.rows import Row, just, table, write_json
from tests.installation import Installation, furnish

CONTENT = Path(__file__).parent / "content"
Measuring = Callable[[], Iterable[Row]]


def main() -> None:
    """Everything in one run, so that ours and the limits meet the same machine."""
    with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as name:
        folder = Path(name)
        rows = list(_all(folder))
    print(table(rows))
    load = os.getloadavg()[0]
    print(f"\n{os.cpu_count()} cores, load {load:.1f} at the end; times hold for this machine.")
    write_json(rows, SOURCE_ROOT / "var" / "bench.json")


def _all(folder: Path) -> Iterable[Row]:
    in_memory = limits.completions_in_memory()
    commits = limits.durable_commits(folder)
    yield just(
        "limit: completions/s of the engine library in memory", in_memory.by_clock, unit="/s"
    )
    yield just("limit: durable commits/s of SQLite", commits, unit="/s")
    place = furnish(_sub(folder, "service"), content=CONTENT)
    for what, measure in (
        ("start", partial(over_http.measure_start, _sub(folder, "start"))),
        ("service layer", partial(_service, place, in_memory, commits)),
        ("statements", partial(service.measure_statements, place)),
        ("growth", partial(service.measure_growth, place)),
        ("bytes", lambda: service.measure_bytes(furnish(_sub(folder, "bytes"), content=CONTENT))),
        (
            "idle instances",
            lambda: service.measure_idle(furnish(_sub(folder, "idle"), content=CONTENT)),
        ),
        ("HTTP on SQLite", partial(_http, place)),
        ("HTTP on PostgreSQL", partial(_http_postgres, folder)),
        *_others(),
    ):
        began = time.monotonic()
        yield from measure()
        print(f"measured {what} in {time.monotonic() - began:.0f} s", flush=True)


def _service(place: Installation, in_memory: limits.Rate, commits: float) -> list[Row]:
    return service.measure_service(place, in_memory=in_memory, commits=commits)


def _http(place: Installation) -> Iterable[Row]:
    yield from over_http.measure_latency(place, name="SQLite", target=3.0, seconds=6.0)
    yield from over_http.measure_rate(place)


def _http_postgres(folder: Path) -> Iterable[Row]:
    with postgres() as url:
        place = furnish(_sub(folder, "postgres"), url, content=CONTENT)
        yield from over_http.measure_latency(place, name="PostgreSQL", target=4.0, seconds=6.0)


def _others() -> list[tuple[str, Measuring]]:
    here = Path(__file__).parent
    return [
        (
            path.stem.removeprefix("bench_"),
            importlib.import_module(f"tests.bench.{path.stem}").measure,
        )
        for path in sorted(here.glob("bench_*.py"))
    ]


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


if __name__ == "__main__":
    main()
