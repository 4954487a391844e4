"""Fills in the product's own forms the way a person does: field by field, then a button."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Page, expect


def fill(page: Page, values: Mapping[str, str]) -> None:
    """Type or choose each value; the fields are named as the form names them."""
    for name, value in values.items():
        field = page.locator(f'#form [name="{name}"]').first
        kind = field.evaluate("field => field.tagName + ':' + field.type")
        if kind.startswith("SELECT"):
            field.select_option(value)
        elif kind.endswith(":radio"):
            page.locator(f'#form [name="{name}"][value="{value}"]').check()
        else:
            field.fill(value)
            field.blur()
        settle(page)
    for name, value in values.items():
        field = page.locator(f'#form [name="{name}"]').first
        # A radio keeps its value whatever is chosen, a search field shows more than was typed.
        if field.get_attribute("type") != "radio" and not field.get_attribute("list"):
            expect(field).to_have_value(value)


def settle(page: Page) -> None:
    """Until the form has been checked again after a change."""
    page.wait_for_timeout(250)
    expect(page.locator(".htmx-request")).to_have_count(0)


def hand_in(page: Page, outcome: str) -> None:
    """Press a button of the form and see the page after it."""
    before = page.url
    page.locator(f'#form button[name="_outcome"][value="{outcome}"]').click()
    page.wait_for_url(lambda url: url != before)
