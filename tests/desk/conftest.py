"""The demo company on a real database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import load_settings
from jiedan.desk.demo import load_base
from tests.conftest import MONDAY_MORNING
from tests.desk.desk_day import Desk


@pytest.fixture(scope="session")
def _company_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    """A SQLite file with the demo company, made once for each worker and copied."""
    folder = tmp_path_factory.mktemp("company")
    path = folder / "company.db"
    shutil.copy(_empty_file, path)
    database = Database(f"sqlite:///{path}", durable=False)
    settings = load_settings(environment={}, data_dir=folder, secret_key="a key for tests")
    platform = build_platform(settings, clock=MovableClock(MONDAY_MORNING), database=database)
    with platform.work(actor=SYSTEM) as work:
        load_base(work)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def database(tmp_path: Path, _company_file: Path) -> Iterator[Database]:
    """A fresh SQLite database with the demo company in it."""
    path = tmp_path / "company.db"
    shutil.copy(_company_file, path)
    database = Database(f"sqlite:///{path}", durable=False)
    yield database
    database.close()


@pytest.fixture
def desk(platform: Platform) -> Desk:
    """The demo company on Monday 2 March 2026, 09:00, with everybody at work."""
    return Desk(platform)
