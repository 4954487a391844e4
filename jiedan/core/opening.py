"""Opens the installation's platform for a command, and says errors in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from jiedan.core.errors import Invalid, JiedanError
from jiedan.core.logs import configure_logs
from jiedan.core.platform import Platform, build_platform
from jiedan.core.schema import migrate
from jiedan.core.settings import load_settings


@contextmanager
def open_platform(**given: Any) -> Iterator[Platform]:
    """The platform of this installation, with its tables up to date and its logs configured."""
    with speaking():
        settings = load_settings(**given)
        configure_logs(settings)
        platform = build_platform(settings)
        try:
            migrate(platform.database)
            yield platform
        finally:
            platform.close()


@contextmanager
def speaking() -> Iterator[None]:
    """Says what went wrong in a sentence instead of a traceback."""
    try:
        yield
    except JiedanError as error:
        lines = [error.message()]
        if isinstance(error, Invalid):
            lines += [f"{path}: {text}" for path, text in error.fields.items()]
        raise click.ClickException("\n".join(lines)) from error
