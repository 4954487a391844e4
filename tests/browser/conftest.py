"""Browsers in front of the whole product: real server, real content, a clock that stands still."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Response, expect

from tests.browser.chrome import chromium
from tests.browser.site import serve
from tests.world import World, _world_template, world

__all__ = ["_world_template", "world"]

HERE = Path(__file__).parent
WIDE = (1280, 860)
PHONE = (390, 844)
PATIENCE = 15_000
"""Milliseconds until something that should be on a page is missed; machines under load are slow."""

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Complaints:
    """What pages complained of: errors in their console, exceptions, answers of 500 and more."""

    said: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let complaints pass that match: what a test provokes on purpose."""
        self.expected.append(pattern)

    def listen_to(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._exception)
        page.on("response", self._answer)

    def unexpected(self) -> list[str]:
        return [
            one for one in self.said if not any(re.search(known, one) for known in self.expected)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = (message.location or {}).get("url", "")
            self.said.append(f"console: {message.text} ({where})")

    def _exception(self, error: Error) -> None:
        self.said.append(f"exception: {error}")

    def _answer(self, response: Response) -> None:
        if response.status >= 500:
            self.said.append(f"answer {response.status}: {response.url}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests here; each test has windows of its own in it."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """The address at which the test's world answers."""
    with serve(world.app) as address:
        yield address


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test when a page complained of something that was not expected."""
    heard = Complaints()
    yield heard
    assert heard.unexpected() == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: str, complaints: Complaints) -> Iterator[Visit]:
    """`visit("sunyue", locale="en", size=PHONE)` is Sun Yue at a machine of her own, signed in.

    Without a login it is the page of somebody who has not signed in yet.
    """
    contexts = []

    def open_window(
        login: str | None = None,
        *,
        locale: str = "zh",
        size: tuple[int, int] = WIDE,
        theme: str = "light",
    ) -> Page:
        width, height = size
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            has_touch=size == PHONE,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_cookies(
            [
                {"name": "locale", "value": locale, "url": site},
                {"name": "theme", "value": theme, "url": site},
            ]
        )
        page = context.new_page()
        complaints.listen_to(page)
        if login:
            sign_in(page, login)
        return page

    yield open_window
    for context in contexts:
        context.close()


def sign_in(page: Page, login: str) -> None:
    """Become one of the demo's people with one click."""
    page.goto("/sign-in")
    page.locator(f'button[name="login"][value="{login}"]').click()
    page.locator("nav.side, nav.phone-bar").first.wait_for(state="attached")
