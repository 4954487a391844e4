"""Takes BPMN files through the studio: imported, shown, exported by its editor and compared.

python -m tests.browser.round_trip ADDRESS DIR [PICTURES]
ADDRESS is a demo that runs (`make run`), DIR holds .bpmn files, PICTURES gets one of each.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page

from jiedan.flow.bpmn_conformance import files_in
from jiedan.flow.bpmn_facts import Difference, compare, facts_of
from jiedan.flow.content.xml import parse_xml
from jiedan.flow.importing import import_diagram
from tests.browser.chrome import chromium

OWNER = "shiyuan"
READY = "body[data-ready=true]"
PATIENCE = 30_000


def show_import(page: Page, path: Path) -> None:
    """Import a file by the studio's page and wait for its editor."""
    page.goto("/studio/imports")
    page.set_input_files("#import-file", str(path))
    page.locator('form[enctype="multipart/form-data"] button').click()
    page.wait_for_selector(READY, timeout=PATIENCE)


def exported(page: Page) -> bytes:
    """What the editor hands out."""
    text: str = page.evaluate("exported()")
    return text.encode()


def lost_in_the_editor(imported: bytes, handed_out: bytes) -> list[Difference]:
    """What differs when the imported diagram comes out of the editor and is imported again."""
    again = import_diagram(handed_out, filename="again.bpmn").source
    return compare(facts_of(parse_xml(imported)), facts_of(parse_xml(again)))


def main(address: str, folder: Path, pictures: Path | None) -> int:
    different = 0
    paths = files_in(folder)
    with chromium() as browser:
        page = browser.new_context(
            base_url=address, viewport={"width": 1600, "height": 1000}
        ).new_page()
        page.goto("/sign-in")
        page.locator(f'button[name="login"][value="{OWNER}"]').click()
        page.locator("nav.side").wait_for()
        for path in paths:
            show_import(page, path)
            source = import_diagram(path.read_bytes(), filename=path.name).source
            lost = lost_in_the_editor(source, exported(page))
            drawn = page.evaluate("modeler.get('elementRegistry').getAll().length")
            print(f"{path.name}: {len(lost)} differ, {drawn} drawn")
            for one in lost:
                print(f"  {str(one)[:400]}")
            different += bool(lost)
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                page.evaluate("modeler.get('canvas').zoom('fit-viewport')")
                page.locator("#canvas").screenshot(path=pictures / f"{path.stem}.png")
    print(f"editor: same {len(paths) - different}, different {different} of {len(paths)}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3:] else None))
