"""Takes a screenshot of every page as each role, in both languages, wide and on a phone.

python -m tests.look [--login zhangwei …] [--locale zh …] [--width 390 …] [--out var/look]
Pages are what the navigation offers plus one of each kind that a list leads to: a task, an order,
an instance, the editors. `index.html` shows them all, by person, language and width.
"""

from __future__ import annotations

import argparse
import html
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError

from app import create_app
from jiedan.core.opening import open_platform
from jiedan.demo.company import demo_people
from jiedan.demo.opening import open_demo
from jiedan.web.house import EXTENSION
from tests.browser.chrome import ROOT, chromium
from tests.browser.site import serve

ORDERS = 48
"""How many demo orders: enough for every list, few enough to wait for."""
WINDOWS = 2
"""Pages drawn at once."""
HEIGHT = {1280: 860, 390: 844}
PATIENCE = 20_000
UNSTUCK = ".phone-bar, .outcomes, .side, .top { position: static !important }"
"""What sticks to the window would lie across the middle of a long picture."""
LEADS = (
    "/tasks/", "/orders/", "/customers/", "/catalogue/", "/monitor/instances/",
    "/monitor/incidents/",
)  # fmt: skip
"""Lists lead to pages whose address begins so; one of each is enough."""
KNOWN = (
    "/sign-in", "/help", "/api/docs", "/account/password", "/notices", "/inbox/done",
    "/inbox/started", "/monitor/incidents", "/monitor/messages", "/monitor/jobs",
    "/studio?kind=decision", "/studio?kind=form", "/studio/imports", "/studio/process/order_review",
    "/studio/process/order_review/versions", "/studio/decision/review_routing",
    "/studio/form/order_entry",
)  # fmt: skip
"""Pages beside the navigation; those of an area are for people who have the area."""
FOR_ALL = ("sign-in", "help", "api", "account", "notices", "inbox")
ONCE = ("/sign-in", "/help", "/api/docs", "/account/password", "/catalogue/", "/studio/")
"""Pages that look the same for everybody: pictured for the first who comes by."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One person at one window in one language."""

    login: str
    roles: str
    locale: str
    width: int

    @property
    def folder(self) -> str:
        return f"{self.login}-{self.locale}-{self.width}"


@dataclass
class Album:
    """Pictures taken so far, and how to show them."""

    folder: Path
    total: int
    taken: dict[Errand, list[tuple[str, str]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    troubles: list[str] = field(default_factory=list)
    once: set[tuple[str, str, int]] = field(default_factory=set)

    def wants(self, errand: Errand, path: str) -> bool:
        """Whether this page is still to be pictured in this language and width."""
        if not path.startswith(ONCE):
            return True
        with self.lock:
            mark = (path, errand.locale, errand.width)
            if mark in self.once:
                return False
            self.once.add(mark)
            return True

    def add(self, errand: Errand, pictures: list[tuple[str, str]], troubles: list[str]) -> None:
        with self.lock:
            self.taken[errand] = pictures
            self.troubles += troubles
            done = f"{len(self.taken)}/{self.total}"
            print(f"[look] {done} {errand.folder}: {len(pictures)} pages", flush=True)

    def bind(self) -> Path:
        """Write index.html."""
        parts = [
            "<!doctype html><meta charset='utf-8'><title>look</title><style>"
            "body{font:14px sans-serif;margin:1.5rem}h2{margin:2rem 0 .5rem}"
            ".row{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start}"
            "figure{margin:0;width:20rem}figure.n{width:9rem}figcaption{overflow-wrap:anywhere}"
            "img{width:100%;max-height:26rem;object-fit:cover;object-position:top;"
            "border:1px solid #ccc}nav a{margin-right:.8rem}</style>"
        ]
        errands = sorted(self.taken, key=lambda one: (one.login, one.locale, -one.width))
        links = (f"<a href='#{one.folder}'>{one.folder}</a>" for one in errands)
        parts.append(f"<nav>{' '.join(links)}</nav>")
        if self.troubles:
            lines = "".join(f"<li>{html.escape(one)}</li>" for one in self.troubles)
            parts.append(f"<h2>What pages complained of</h2><ul>{lines}</ul>")
        for one in errands:
            parts.append(
                f"<h2 id='{one.folder}'>{html.escape(one.login)} ({html.escape(one.roles)}) · "
                f"{one.locale} · {one.width} px</h2><div class='row'>"
            )
            narrow = " class='n'" if one.width < 600 else ""
            parts += [
                f"<figure{narrow}><a href='{name}'><img loading='lazy' src='{name}' alt=''></a>"
                f"<figcaption>{html.escape(address)}</figcaption></figure>"
                for address, name in self.taken[one]
            ]
            parts.append("</div>")
        path = self.folder / "index.html"
        path.write_text("\n".join(parts), encoding="utf-8")
        return path


def main(arguments: Sequence[str] | None = None) -> None:
    """`make look`."""
    asked = _read(arguments)
    began = time.monotonic()
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    with _demo() as (app, people):
        wanted = [one for one in people if not asked.login or one[0] in asked.login]
        errands = [
            Errand(login, roles, locale, width)
            for login, roles in wanted
            for locale in asked.locale
            for width in asked.width
        ]
        album = Album(asked.out, len(errands))
        with serve(app) as address:
            _work_through(errands, album, address)
    pictures = sum(len(one) for one in album.taken.values())
    print(f"[look] {pictures} pictures in {time.monotonic() - began:.0f} s: {album.bind()}")
    for trouble in album.troubles:
        print(f"[look] {trouble}")


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.look", description=__doc__)
    parser.add_argument("--login", action="append", default=[])
    parser.add_argument("--locale", action="append", choices=("zh", "en"))
    parser.add_argument("--width", action="append", type=int)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "look")
    asked = parser.parse_args(arguments)
    asked.locale = asked.locale or ["zh", "en"]
    asked.width = asked.width or [1280, 390]
    return asked


@contextmanager
def _demo() -> Iterator[tuple[Flask, list[tuple[str, str]]]]:
    """A demo of its own, and one person for each set of roles: (login, roles)."""
    with tempfile.TemporaryDirectory(prefix="jiedan-look-") as folder:
        print(f"[look] working through {ORDERS} demo orders …", flush=True)
        with open_platform(data_dir=Path(folder), demo=True, log_level="error") as platform:
            app = create_app(platform=platform)
            open_demo(app.extensions[EXTENSION].flow, count=ORDERS)
            by_roles = {
                " ".join(sorted(one.roles)): one.login
                for one in reversed(list(demo_people(platform.settings.config_dir)))
            }
            yield app, [(login, roles) for roles, login in reversed(by_roles.items())]


def _work_through(errands: Iterable[Errand], album: Album, address: str) -> None:
    """Each worker has a browser of its own, because one belongs to the thread that started it."""
    waiting: queue.SimpleQueue[Errand] = queue.SimpleQueue()
    for errand in errands:
        waiting.put(errand)

    def work() -> None:
        with chromium() as browser:
            while True:
                try:
                    errand = waiting.get_nowait()
                except queue.Empty:
                    return
                _photograph(browser, errand, album, address)

    workers = [threading.Thread(target=work) for _ in range(WINDOWS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def _photograph(browser: Browser, errand: Errand, album: Album, address: str) -> None:
    context = _window(browser, errand, address)
    troubles: list[str] = []
    pictures: list[tuple[str, str]] = []
    (album.folder / errand.folder).mkdir()
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"{errand.folder} {page.url}: {error}"))
        page.goto("/sign-in")
        page.locator(f'button[name="login"][value="{errand.login}"]').click()
        page.wait_for_load_state()
        leads: dict[str, str] = {}
        waiting = _places(page)
        while waiting:
            path = waiting.pop(0)
            if not album.wants(errand, path):
                continue
            answer = page.goto(path)
            if answer is None or answer.status >= 400:
                troubles.append(f"{errand.folder} {path}: {answer.status if answer else 'nothing'}")
                continue
            _wait_until_drawn(page, troubles)
            name = f"{errand.folder}/{len(pictures):02}.png"
            page.screenshot(path=album.folder / name, full_page=True, style=UNSTUCK)
            pictures.append((path, name))
            waiting += _new_leads(page, leads)
    finally:
        context.close()
    album.add(errand, pictures, troubles)


def _window(browser: Browser, errand: Errand, address: str) -> BrowserContext:
    context = browser.new_context(
        base_url=address,
        viewport={"width": errand.width, "height": HEIGHT.get(errand.width, 860)},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    context.add_cookies([{"name": "locale", "value": errand.locale, "url": address}])
    return context


def _places(page: Page) -> list[str]:
    """What the navigation offers, and what is known beside it."""
    found = list(dict.fromkeys(["/", *_links(page, "nav.side a, nav.phone-bar a")]))
    areas = {*FOR_ALL, *(_area(path) for path in found)}
    return [*found, *(path for path in KNOWN if _area(path) in areas)]


def _area(path: str) -> str:
    return path.split("/")[1].partition("?")[0]


def _new_leads(page: Page, leads: dict[str, str]) -> list[str]:
    """The first page of each kind that lists lead to; `leads` keeps what was seen."""
    new = []
    for link in _links(page, "main td a, main .card a"):
        lead = next((one for one in LEADS if link.startswith(one)), None)
        if lead and lead not in leads:
            leads[lead] = link
            new.append(link)
    return new


def _links(page: Page, selector: str) -> list[str]:
    return [
        str(one)
        for one in page.locator(selector).evaluate_all(
            "links => links.map(link => link.getAttribute('href'))"
        )
        if one and one.startswith("/")
    ]


def _wait_until_drawn(page: Page, troubles: list[str]) -> None:
    """Diagrams and editors say when they are ready."""
    try:
        if page.locator("[data-diagram]").count():
            page.locator("[data-diagram][data-ready]").first.wait_for()
        if page.locator("[data-studio]").count():
            page.locator("body[data-ready]").wait_for()
    except TimeoutError:
        troubles.append(f"{page.url}: was not drawn in time")


if __name__ == "__main__":
    main()
