"""The demo company on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.desk.demo import load_base
from tests.desk.desk_day import Desk
from tests.templates import copied, filling


@pytest.fixture(scope="session")
def _company_file(tmp_path_factory: pytest.TempPathFactory, _empty_file: Path) -> Path:
    """A SQLite file with the demo company, made once for each worker and copied."""
    path = tmp_path_factory.mktemp("company") / "company.db"
    with filling(path, start=_empty_file) as platform, platform.work(actor=SYSTEM) as work:
        load_base(work)
    return path


@pytest.fixture
def database(tmp_path: Path, _company_file: Path) -> Iterator[Database]:
    """A fresh SQLite database with the demo company in it."""
    with copied(tmp_path / "company.db", template=_company_file) as database:
        yield database


@pytest.fixture
def desk(platform: Platform) -> Desk:
    """The demo company on Monday 2 March 2026, 09:00, with everybody at work."""
    return Desk(platform)
