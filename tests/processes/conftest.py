"""The order desk on its real diagrams, with the company of the regulations' examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jiedan.core.clock import MovableClock
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from tests.processes.house import House, build_house
from tests.templates import copied, kept_models


@pytest.fixture(scope="session")
def _furnished_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    """A SQLite file with every definition deployed and the company's goods and customers."""
    return build_house(tmp_path_factory.mktemp("house"), _empty_file)


@pytest.fixture
def database(tmp_path: Path, _furnished_file: Path) -> Iterator[Database]:
    """A desk of the test's own."""
    with copied(tmp_path / "house.db", template=_furnished_file) as database:
        yield database


@pytest.fixture
def house(platform: Platform, clock: MovableClock, _furnished_file: Path) -> House:
    """People, goods, customers and all processes, on a database of the test's own."""
    return House(platform, clock, kept_models(_furnished_file)())
