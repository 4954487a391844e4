"""Opens the installation's platform for a command and closes it behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import load_settings


@contextmanager
def open_platform() -> Iterator[Platform]:
    """The platform of this installation, from the environment and `config/settings.toml`."""
    platform = build_platform(load_settings())
    try:
        yield platform
    finally:
        platform.close()
