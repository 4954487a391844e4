"""Database files that are filled once for each worker; every test works on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.core.database import Database
from jiedan.core.i18n import use_locale
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import Settings, load_settings
from jiedan.flow.cache import Caches, Lru
from jiedan.flow.tables import BundleRow

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


@cache
def kept_models(template: Path) -> Callable[[], Caches]:
    """Makes caches for tests that copy this file: its content is compiled by the first of them.

    Decisions and forms are known by their content, bundles by their number in the file.
    """
    database = Database(f"sqlite:///{template}", durable=False)
    with database.reading() as session:
        newest = session.scalar(select(func.max(BundleRow.id))) or 0
    database.close()
    models: Lru[int, Any] = Lru(256)

    def make() -> Caches:
        found = Caches()
        found.models = _Models(newest, models)
        found.decisions, found.forms = _KEPT.decisions, _KEPT.forms
        return found

    return make


_KEPT = Caches()


class _Models(Lru[int, Any]):
    """Bundles by number: those of the template are shared, those that a test deploys are not."""

    def __init__(self, newest: int, shared: Lru[int, Any]) -> None:
        super().__init__(64)
        self._newest, self._shared = newest, shared

    def get(self, key: int) -> Any:
        return self._shared.get(key) if key <= self._newest else super().get(key)

    def put(self, key: int, value: Any) -> None:
        if key <= self._newest:
            self._shared.put(key, value)
        else:
            super().put(key, value)
