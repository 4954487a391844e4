"""`make kills`: a process is killed 200 times while it works, on SQLite and on PostgreSQL.

`python -m tests.robustness.kills [--database sqlite|postgresql|both] [--kills 200] [--seed 1]`
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from jiedan.core.schema import load_tables
from tests.bench.postgres import postgres
from tests.robustness.books import check_the_books
from tests.robustness.doom import PLACES, choose_dooms
from tests.robustness.killing import Place
from tests.robustness.outside import Outside, open_outside
from tests.templates import quick_settings


def main() -> None:
    """Kill, check the books, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.kills")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20260302)
    asked = parser.parse_args()
    load_tables()
    names = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
    lines = [killed_on(name, kills=asked.kills, seed=asked.seed) for name in names]
    print("\n".join(["", *lines]))


def killed_on(name: str, *, kills: int, seed: int) -> str:
    """Kill on one of the two databases, as durable as it is in earnest."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jiedan-kills-") as folder:
        server = postgres() if name == "postgresql" else nullcontext(f"sqlite:///{folder}/kills.db")
        with server as url, telling() as outside:
            place = Place(quick_settings(Path(folder)), url, durable=True)
            place.prepare()
            run_kills(place, kills=kills, seed=seed)
            with place.flow() as flow:
                check_the_books(
                    flow,
                    started=place.told.started,
                    completed=place.told.completed,
                    outside=outside,
                )
    print(f"\n{name}\n{table_of(place)}")
    return last_line(name, place, outside, time.monotonic() - began)


@contextmanager
def telling() -> Iterator[Outside]:
    """The outside, and handlers that know where it is."""
    with open_outside() as (outside, address):
        os.environ["OUTSIDE"] = address
        try:
            yield outside
        finally:
            del os.environ["OUTSIDE"]


def run_kills(place: Place, *, kills: int, seed: int, statements: int = 500) -> None:
    """Kill so often, then let everything come to its end."""
    chance = random.Random(seed)
    for number, doom in enumerate(
        choose_dooms(chance, kills, statements=statements, starts=kills // 10)
    ):
        place.kill(doom, seed=seed + number)
    place.finish()


def table_of(place: Place) -> str:
    """Where processes died."""
    rows = [f"{'killed':<34}{'times':>6}{'at the n-th, from':>19}{'to':>6}"]
    said = {"statement": "before a statement", "commit": "before a commit"}
    said["committed"] = "after a commit, unanswered"
    for since in ("ready", "start"):
        for at in PLACES:
            dooms = [one.doom for one in place.kills]
            numbers = [one.number for one in dooms if (one.at, one.since) == (at, since)]
            if numbers:
                when = said[at] + (" of a start" if since == "start" else "")
                rows.append(f"{when:<34}{len(numbers):>6}{min(numbers):>19}{max(numbers):>6}")
    return "\n".join(rows)


def last_line(name: str, place: Place, outside: Outside, seconds: float) -> str:
    """The figures in one line."""
    told = place.told
    up = [one.up_after for one in place.kills if one.up_after is not None]
    again = sum(number - 1 for number in Counter(outside.calls).values())
    return (
        f"kills on {name}: {len(place.kills)} kills, {told.cut_off} calls cut off, "
        f"{len(told.started)} orders, {len(told.completed)} completions, 0 lost, 0 doubled; "
        f"outside told {len(outside.calls)} times, {again} again under the same key; "
        f"working again after {statistics.median(up):.2f} s, at most {max(up):.2f} s; "
        f"{seconds:.0f} s in all"
    )


if __name__ == "__main__":
    main()
