"""Each page speaks one language: what is not data is Chinese for the one, English for the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import JSON, String, select

from jiedan.core.database import Base, JsonValue
from jiedan.flow.packing import unpack_answer
from jiedan.flow.tables import TaskRow
from tests.processes import answers
from tests.scenarios import paths
from tests.world import World, open_world

PEOPLE = ("sunyue", "chenjing", "qianmin", "duchuan", "hezheng", "zhuzhi")
STARTS = ("/", "/inbox", "/inbox/done", "/inbox/started", "/orders", "/help", "/notices")
MOST = 45
"""Pages looked at for each person and language."""
LEFT_OUT = (
    "/studio", "/api", "/static", "/files", "/sign", "/monitor/instances/", "/language",
    "/help/parameters", "/help/verbs",
)  # fmt: skip
"""Editors draw themselves in the browser, where other tests look at them; some pages of the manual
are tables of what stands in files, and one teaches the Chinese words."""
HAN = re.compile("[\u4e00-\u9fff]+")
IN_CAPITALS = re.compile("[壹贰叁肆伍陆柒捌玖拾佰仟万亿零元角分整]+")
"""An amount as contracts write it, which is Chinese in every language."""
WORDS = re.compile(r"[A-Za-z][a-z]{2,}(?: [A-Za-z][a-z']+)*")
NAMES = frozenset(
    {"Jiedan", "English", "Enter", "Ctrl", "Alt", "Esc", "Excel", "true", "false"}
    | {"Operaton", "Flowable", "Activiti", "Camunda"}
)
"""What is called so in Chinese too."""
CHINESE = frozenset({"中文", "单", "接单"})
"""What is called so in English too: the way to the other language, and our sign."""


class Texts(HTMLParser):
    """The texts and links of a page that people read; code and content blocks are left out."""

    SILENT = ("script", "style", "code", "pre", "kbd", "datalist", "template")
    SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-confirm")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        given = dict(attrs)
        if tag == "a":
            self.links.append(given.get("href") or "")
        self.texts += [given[name] or "" for name in self.SPOKEN if name in given]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.texts.append(" ".join(data.split()))


@dataclass(frozen=True)
class Data:
    """All that people and the outside wrote, as one text to look things up in."""

    text: str

    def holds(self, words: str) -> bool:
        """Whether they are written somewhere, or put together from what is: an address."""
        return words in self.text or self._is_put_together(words)

    def _is_put_together(self, words: str) -> bool:
        return not words or any(
            f"\n{words[:end]}\n" in self.text and self._is_put_together(words[end:])
            for end in range(2, len(words) + 1)
        )


def data_of(world: World) -> Data:
    """Every text in the database but the definitions' own names."""
    found: list[str] = []
    with world.flow.platform.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name.startswith("flow_"):
                continue
            columns = [
                one for one in table.columns if isinstance(one.type, String | JSON | JsonValue)
            ]
            for row in session.execute(select(*columns)) if columns else ():
                found += [str(value) for value in row if value]
        for answer in session.scalars(select(TaskRow.answer).where(TaskRow.answer.is_not(None))):
            found.append(str(unpack_answer(answer)))
    return Data("\n".join(["", *found, ""]))


def visitor(world: World, login: str, locale: str) -> FlaskClient:
    """Somebody at the pages, signed in with one click."""
    client = world.app.test_client()
    client.set_cookie("locale", locale)
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    answer = client.post("/sign-in/demo", data={"csrf_token": token[1], "login": login})
    assert answer.status_code == 303
    return client


def walk(client: FlaskClient) -> Iterator[tuple[str, list[str]]]:
    """The pages that links lead to, one of each kind and a few more; (address, texts)."""
    todo, seen = list(STARTS), set(STARTS)
    while todo and len(seen) < MOST * 3:
        path = todo.pop(0)
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        if answer.mimetype != "text/html":
            continue
        page = Texts()
        page.feed(answer.get_data(as_text=True))
        yield path, page.texts
        for link in page.links:
            link = link.partition("#")[0]
            fits = link.startswith("/") and not link.startswith(LEFT_OUT)
            kind = re.sub(r"[0-9a-f-]{12,}|[A-Z]{2}\d[\w-]*", "*", link.partition("?")[0])
            few = sum(one.startswith(kind.partition("*")[0]) for one in seen) < 4
            if fits and link not in seen and (few or "*" not in kind) and "?" not in link:
                seen.add(link)
                todo.append(link)


@pytest.fixture(scope="module")
def busy(
    tmp_path_factory: pytest.TempPathFactory, _world_template: tuple[Path, dict[str, str]]
) -> Iterator[World]:
    """A world in which a few orders wait at different steps; the tests here only read it."""
    with open_world(tmp_path_factory.mktemp("busy"), _world_template) as world:
        yield _at_work(world)


def _at_work(world: World) -> World:
    returned = paths.submitted(world)
    world.qianmin.do(
        "review_order",
        "return",
        answers.review("交货日期太近，请与客户协商。", ("DATE",), DATE="交货日期太近了"),
        instance=returned,
    )
    going = paths.submitted(world, qty="10")
    world.qianmin.do("review_order", "approve", answers.review(), instance=going)
    world.wait(hours=9)
    world.linxiao.start(channel="sales", entry="inquiry")
    world.linxiao.do("log_inquiry", "answered", answers.inquiry())
    paths.push(world)
    world.run_due()
    return world


@pytest.mark.req("S0.2")
@pytest.mark.parametrize("login", PEOPLE)
def test_an_english_reader_meets_no_chinese_but_data(busy: World, login: str) -> None:
    data = data_of(busy)
    left = [
        f"{path}: {text[:120]}"
        for path, texts in walk(visitor(busy, login, "en"))
        for text in texts
        if not IN_CAPITALS.fullmatch(text)
        and any(one not in CHINESE and not data.holds(one) for one in HAN.findall(text))
    ]

    assert left == []


@pytest.mark.req("S0.2")
@pytest.mark.parametrize("login", PEOPLE)
def test_a_chinese_reader_meets_no_english_words(busy: World, login: str) -> None:
    data = data_of(busy)
    left = [
        f"{path}: {text[:120]}"
        for path, texts in walk(visitor(busy, login, "zh"))
        for text in texts
        if (found := WORDS.fullmatch(text.strip(" .:,!?…*")))
        and found[0] not in NAMES
        and not data.holds(text)
    ]

    assert left == []


def test_no_sentence_is_translated_in_two_ways() -> None:
    from jiedan.core.i18n import LOCALE_FOLDER
    from jiedan.core.po import parse_catalogue

    said: dict[str, set[str]] = {}
    for path in sorted((LOCALE_FOLDER / "zh_CN").glob("*.po")):
        for msgid, text in parse_catalogue(path.read_text("utf-8")).singular.items():
            said.setdefault(msgid, set()).add(text)

    assert {msgid: texts for msgid, texts in said.items() if len(texts) > 1} == {}
