"""The order desk on its real diagrams, with the company of the regulations' examples."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import Settings
from tests.processes.house import House, build_house


@pytest.fixture(scope="session")
def _furnished_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    """A SQLite file with every definition deployed and the company's goods and customers."""
    return build_house(tmp_path_factory.mktemp("house"), _empty_file)


@pytest.fixture
def house(tmp_path: Path, _furnished_file: Path, settings: Settings, clock: MovableClock) -> House:
    """People, goods, customers and all processes, on a database of the test's own."""
    path = tmp_path / "house.db"
    path.write_bytes(_furnished_file.read_bytes())
    database = Database(f"sqlite:///{path}", durable=False)
    platform: Platform = build_platform(settings, clock=clock, database=database)
    return House(platform, clock, timedelta())
