"""Database files that are filled once for each worker; every test works on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.core.database import Database
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import Settings, load_settings

MONDAY_MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


def quick_settings(folder: Path, *, demo: bool = False) -> Settings:
    """Settings of a test installation; passwords hash fast and weakly."""
    return load_settings(
        environment={},
        data_dir=folder / "var",
        secret_key="a key for tests",
        password_hash_kib=8,
        password_hash_rounds=1,
        demo=demo,
    )


@contextmanager
def filling(path: Path, *, start: Path, demo: bool = False) -> Iterator[Platform]:
    """A copy of the file `start` to fill; complete in one file when the block ends."""
    shutil.copy(start, path)
    database = Database(f"sqlite:///{path}", durable=False)
    settings = quick_settings(path.parent, demo=demo)
    with use_locale("en"):
        yield build_platform(settings, clock=MovableClock(MONDAY_MORNING), database=database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@contextmanager
def copied(path: Path, *, template: Path) -> Iterator[Database]:
    """A copy of a filled file, open as long as a test needs it."""
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    yield database
    database.close()
