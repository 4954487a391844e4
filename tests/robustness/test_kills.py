"""A sample of `make kills`: whatever moment a process ends at, the next one finds everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiedan.core.platform import Platform
from jiedan.core.settings import Settings
from tests.robustness.books import check_the_books
from tests.robustness.killing import Place
from tests.robustness.kills import last_line, run_kills, telling

KILLS = 12


@pytest.mark.req("S5.4.4")
def test_a_process_killed_between_statements_and_around_commits_loses_and_doubles_nothing(
    both_databases: Platform, settings: Settings, tmp_path: Path
) -> None:
    database = both_databases.database
    # A fork must not come into connections that somebody else talks through.
    database.close()
    with telling() as outside:
        place = Place(settings, database.url.render_as_string(hide_password=False))
        place.prepare()

        run_kills(place, kills=KILLS, seed=11, statements=300)

        with place.flow() as flow:
            check_the_books(
                flow,
                started=place.told.started,
                completed=place.told.completed,
                outside=outside,
            )
    print(last_line(database.url.get_backend_name(), place, outside, 0))
    assert len(place.kills) == KILLS
    # The kills fell into work under way, and much was done between them.
    assert place.told.cut_off >= KILLS / 2
    assert len(place.told.completed) >= KILLS
