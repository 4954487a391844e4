"""People at work in the browser: they sign in, take a task, fill in its form, hand it in."""

from __future__ import annotations

from tests.browser.conftest import Visit


def test_smoke(visit: Visit) -> None:
    page = visit("linxiao")
    page.goto("/start")
    page.screenshot(path="/tmp/x.png")
