"""Asks axe-core what is wrong with a page for people who cannot see or point."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@cache
def _script() -> str:
    return SCRIPT.read_text("utf-8")


def violations(page: Page, *, leaving_out: tuple[str, ...] = ()) -> list[str]:
    """`rule: element` of each violation of WCAG 2.2 A and AA and of axe's best practices."""
    # By evaluate, because the pages allow no script but their own.
    page.evaluate(_script())
    found = page.evaluate(
        """async leavingOut => {
          const context = {include: [['html']], exclude: leavingOut.map(one => [one])};
          const {violations} = await axe.run(context, {resultTypes: ['violations']});
          return violations.flatMap(({id, help, nodes}) => nodes.slice(0, 3).map(
            node => `${id}: ${node.target.join(' ')} (${help})`));
        }""",
        list(leaving_out),
    )
    return [str(one) for one in found]
