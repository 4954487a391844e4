"""The manual: every page in both languages, every link, every block of code, every made table."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import html

import jiedan
from jiedan.core.parameters import load_parameters
from jiedan.core.settings import SOURCE_ROOT, describe
from jiedan.feel import compile_expression
from jiedan.flow.engine import DefinitionRefused, compile_model
from jiedan.flow.engine.element_parsers import EVENT_KINDS
from jiedan.flow.engine.repairs import FLOW_NODES
from jiedan.flow.engine.snapshots import Severity
from jiedan.flow.engine.support import (
    ELEMENTS,
    PLACES,
    TRIGGERS,
    Support,
    element_support,
    event_support,
    mistake_support,
)
from tests.scenarios.hostility import browser, day
from tests.world import World, _world_template

__all__ = ["_world_template", "day"]

FOLDER = Path(jiedan.__file__).parent / "manual"
LOCALES = ("en", "zh")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = sorted({str(path.relative_to(FOLDER)).split(".")[0] for path in FOLDER.rglob("*.md")})
PAGES = [(name, locale) for name in NAMES for locale in LOCALES]


def text(name: str, locale: str) -> str:
    return (FOLDER / f"{name}.{locale}.md").read_text("utf-8")


def blocks(name: str, locale: str, language: str) -> list[str]:
    return [code for kind, code in FENCE.findall(text(name, locale)) if kind == language]


def client_of(day: World, locale: str) -> FlaskClient:
    client = day.app.test_client()
    client.set_cookie("locale", locale)
    return client


# --- pages and links -----------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_the_same_in_both_languages(name: str) -> None:
    english, chinese = text(name, "en"), text(name, "zh")

    for part in (r"^#+ ", r"^\|", r"^```", r"^\[\[", r"\]\("):
        assert len(re.findall(part, english, re.MULTILINE)) == len(
            re.findall(part, chinese, re.MULTILINE)
        ), part
    for language in ("python", "feel", "bash", "json"):
        assert len(blocks(name, "en", language)) == len(blocks(name, "zh", language))


@pytest.mark.parametrize(("name", "locale"), PAGES)
def test_a_page_is_shown_and_all_its_links_lead_somewhere(
    day: World, name: str, locale: str
) -> None:
    client = client_of(day, locale)
    address = f"/help/{name}"

    shown = client.get(address)

    assert shown.status_code == 200
    article = html.fromstring(shown.text).find_class("prose")[0]
    assert "[[" not in article.text_content()
    assert len(article.xpath(".//h1")) == 1
    for link in article.xpath(".//a/@href"):
        target = urlsplit(urljoin(address, link))
        assert not target.netloc, link
        found = client.get(target.path)
        assert found.status_code == 200, link
        if target.fragment:
            ids = html.fromstring(found.text).xpath("//@id")
            assert unquote(target.fragment) in ids, link


@pytest.mark.parametrize("locale", LOCALES)
def test_the_contents_list_every_page(day: World, locale: str) -> None:
    links = html.fromstring(client_of(day, locale).get("/help").text).xpath("//main//a/@href")

    assert {f"/help/{name}" for name in NAMES} <= set(links)


# --- code ----------------------------------------------------------------------------------------
def runnable() -> Iterator[tuple[str, str]]:
    return ((name, locale) for name, locale in PAGES if blocks(name, locale, "python"))


@pytest.mark.parametrize(("name", "locale"), list(runnable()))
def test_the_python_of_a_page_runs(name: str, locale: str, tmp_path: Path) -> None:
    """From top to bottom in a process of its own; blocks that hold tests are run as tests."""
    found = blocks(name, locale, "python")
    tests = [code for code in found if "\ndef test_" in code]
    plain = [code for code in found if code not in tests]
    (tmp_path / "page.py").write_text("\n".join(plain), "utf-8")
    runs = [[sys.executable, str(tmp_path / "page.py")]] if plain else []
    for index, code in enumerate(tests):
        (tmp_path / f"test_page_{index}.py").write_text(code, "utf-8")
    if tests:
        plugins = ["-p", "tests.conftest", "-p", "tests.world", "-p", "no:cacheprovider"]
        config = ["-c", str(SOURCE_ROOT / "pyproject.toml"), "--rootdir", str(SOURCE_ROOT)]
        runs.append([sys.executable, "-m", "pytest", "-q", *plugins, *config, str(tmp_path)])

    for arguments in runs:
        done = subprocess.run(
            arguments, cwd=SOURCE_ROOT, env=_environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert runs


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "PYTHONPATH": str(SOURCE_ROOT)}


@pytest.mark.parametrize(
    ("name", "locale"),
    [(name, locale) for name, locale in PAGES if blocks(name, locale, "feel")],
)
def test_the_feel_of_a_page_is_feel(name: str, locale: str) -> None:
    for block in blocks(name, locale, "feel"):
        for expression in re.split(r"\n// → .*\n", block):
            if expression.strip():
                compile_expression(expression)


# --- made tables ---------------------------------------------------------------------------------
def rows(day: World, name: str, locale: str, *, login: str | None = None) -> list[list[str]]:
    client = browser(day, login, locale).client if login else client_of(day, locale)
    page = html.fromstring(client.get(f"/help/{name}").text)
    return [
        [cell.text_content() for cell in row.xpath("./td|./th")]
        for row in page.xpath("//table//tr")
    ]


@pytest.mark.parametrize("locale", LOCALES)
def test_the_list_of_settings_has_each_setting(day: World, locale: str) -> None:
    shown = {row[0]: row for row in rows(day, "settings", locale)[1:]}

    assert set(shown) == {f"{one.name} {one.variable}" for one in describe()}
    assert shown["port JIEDAN_PORT"][1] == "8000 1–65535"
    assert all(row[2].strip() for row in shown.values())


@pytest.mark.parametrize("locale", LOCALES)
def test_parameters_show_how_they_stand_only_to_people_who_are_signed_in(
    day: World, locale: str
) -> None:
    declared = load_parameters(SOURCE_ROOT / "config" / "parameters.toml")
    strangers = {row[0]: row for row in rows(day, "parameters", locale)[1:]}
    ours = {row[0]: row for row in rows(day, "parameters", locale, login="qianmin")[1:]}

    assert set(declared) == set(strangers) == set(ours)
    assert {row[2] for row in strangers.values()} == {"…"}
    assert ours["netease.accept"][2] == "2 sh"


def test_every_kind_of_element_and_trigger_that_the_engine_reads_is_asked_about() -> None:
    events = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"}

    assert FLOW_NODES - events - {"boundaryEvent"} <= set(ELEMENTS)
    assert events | {"boundaryEvent"} <= set(PLACES)
    assert {kind.removesuffix("EventDefinition") for kind in EVENT_KINDS} == set(TRIGGERS) - {
        "none"
    }


def everything() -> list[Support]:
    return [*element_support(), *event_support().values(), *mistake_support()]


@pytest.mark.parametrize("one", everything(), ids=lambda one: one.kind)
def test_what_the_page_says_is_what_the_engine_does(one: Support) -> None:
    try:
        compile_model({"p.bpmn": one.diagram}, "p")
    except DefinitionRefused:
        compiled = False
    else:
        compiled = True

    # What it calls is not there; that is nothing about the element.
    if one.kind != "callActivity":
        assert compiled == (one.verdict is not Severity.ERROR)


def test_each_mistake_is_found_by_the_rule_it_is_listed_under() -> None:
    missed = [
        one.kind
        for one in mistake_support()
        if one.kind not in {finding.rule for finding in one.findings}
    ]

    assert missed == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_elements_are_listed_as_the_engine_answers(day: World, locale: str) -> None:
    shown = rows(day, "elements", locale)
    english = ("runs", "is mended, then runs", "is refused")
    chinese = ("可以运行", "自动修正后运行", "拒绝部署")
    verdicts = (None, Severity.REPAIRED, Severity.ERROR)
    said = dict(zip(verdicts, chinese if locale == "zh" else english, strict=True))

    for one in element_support():
        row = next(row for row in shown if row[0].endswith(f"({one.kind})"))
        assert row[1] == said[one.verdict]
        assert bool(row[2]) == bool(one.notes)
    for trigger in TRIGGERS:
        row = next(row for row in shown if row[0].endswith(f"({trigger})"))
        answers = [event_support()[place, trigger].verdict is None for place in PLACES]
        assert [cell == "✓" for cell in row[1:]] == answers
    for one in mistake_support():
        row = next(row for row in shown if row[0] == one.kind)
        assert row[2]
        assert row[3]
