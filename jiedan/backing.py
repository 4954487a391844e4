"""The commands that keep copies: backup and restore.

A copy is a folder: the database first and the attachments after it, so that none is missing that
the database knows; the secret key; and a list with the checksum of every file, by which restore
tells a whole copy from a broken one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from jiedan.core.database import Database
from jiedan.core.errors import Conflict, Invalid
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import open_platform, speaking
from jiedan.core.platform import Platform
from jiedan.core.schema import present_revision
from jiedan.core.settings import Settings, load_settings

LIST = "backup.json"
SQLITE, DUMP = "jiedan.db", "jiedan.dump"
PAGES_AT_ONCE = 2000
"""Pages of SQLite copied in one go; writers take their turn between two of them."""


class BackupExists(Conflict):
    """There is something in %(folder)s already."""


class BackupBroken(Invalid):
    """The backup is not whole: %(name)s is missing or was changed."""


class DatabaseInUse(Conflict):
    """There is a database already: move it away before you restore."""


class ToolMissing(Invalid):
    """PostgreSQL's own %(tool)s is needed and was not found, or failed."""


@click.command("backup", help="Copy the database, the attachments and the key into a new folder.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup_command(folder: Path) -> None:
    """`jiedan backup /mnt/backup/monday`; people go on working meanwhile."""
    with open_platform() as platform:
        click.echo(
            _("%(n)s files are safe in %(folder)s.", n=back_up(platform, folder), folder=folder)
        )


@click.command("restore", help="Put a backup in place of an empty installation.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def restore_command(folder: Path) -> None:
    """`jiedan restore /mnt/backup/monday`, with the server stopped; then start it."""
    with speaking():
        restore(load_settings(), folder)
        click.echo(_("Restored. Start the server, and run: jiedan audit verify"))


def back_up(platform: Platform, folder: Path) -> int:
    """Copy everything into `folder`, which is made; how many files. Raises BackupExists."""
    if folder.exists() and any(folder.iterdir()):
        raise BackupExists(folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings, database = platform.settings, platform.database
    if database.is_sqlite:
        _copy_sqlite(Path(str(database.url.database)), folder / SQLITE)
    else:
        _run(database, "pg_dump", "--format=custom", f"--file={folder / DUMP}")
    attachments = settings.data_dir / "files"
    if attachments.exists():
        shutil.copytree(attachments, folder / "files")
    if (settings.data_dir / "secret_key").exists():
        shutil.copy2(settings.data_dir / "secret_key", folder / "secret_key")
    sums = {name: _digest(folder / name) for name in _files(folder)}
    about = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": present_revision(database),
        "files": sums,
    }
    (folder / LIST).write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    return len(sums)


def restore(settings: Settings, folder: Path) -> None:
    """Check every file of a backup, then put it in place. Raises BackupBroken, DatabaseInUse."""
    check_backup(folder)
    database = Database(settings.database())
    try:
        if present_revision(database) is not None:
            raise DatabaseInUse
        if (folder / DUMP).exists():
            _run(database, "pg_restore", "--no-owner", str(folder / DUMP))
    finally:
        database.close()
    data = settings.data_dir
    data.mkdir(parents=True, exist_ok=True)
    if (folder / SQLITE).exists():
        target = Path(str(database.url.database))
        for rest in ("", "-wal", "-shm"):
            target.with_name(target.name + rest).unlink(missing_ok=True)
        shutil.copy2(folder / SQLITE, target)
    if (folder / "files").exists():
        shutil.copytree(folder / "files", data / "files", dirs_exist_ok=True)
    if (folder / "secret_key").exists():
        shutil.copy2(folder / "secret_key", data / "secret_key")


def check_backup(folder: Path) -> None:
    """Raises BackupBroken that names the first file that is not as it was."""
    try:
        sums: dict[str, str] = json.loads((folder / LIST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise BackupBroken(name=LIST) from error
    for name, digest in sums.items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupBroken(name=name)


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there, pages=PAGES_AT_ONCE)
        # A copy is one file, without a log beside it.
        there.execute("PRAGMA journal_mode=DELETE").fetchall()


def _run(database: Database, tool: str, *arguments: str) -> None:
    """One of PostgreSQL's tools on this database. Raises ToolMissing."""
    path = shutil.which(tool)
    if path is None:
        raise ToolMissing(tool=tool)
    # Whoever lists processes must not read the password.
    address = database.url.set(drivername="postgresql", password=None)
    name = f"--dbname={address.render_as_string(hide_password=False)}"
    secret = {"PGPASSWORD": str(database.url.password)} if database.url.password else {}
    done = subprocess.run([path, name, *arguments], check=False, env={**os.environ, **secret})
    if done.returncode:
        raise ToolMissing(tool=tool)


def _files(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
