"""SPEC A25: what people type is only ever text: shown as typed, never run, never worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from lxml import html

from tests.processes import answers
from tests.scenarios.hostility import browser
from tests.web.conftest import Browser
from tests.world import World

pytestmark = pytest.mark.req("A25")

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
TEMPLATE = "{{7919*7907}} {% raw %} ${7919*7907} #{7919*7907}"
FORMULA = "=7919*7907"
QUOTES = '\'; DROP TABLE orders; -- " OR ""="'
BREAKOUT = "\"' autofocus onfocus=alert(3) x='</textarea></title><svg/onload=alert(4)>"
WORKED_OUT = "62615533"
"""What anything that evaluates the texts above would make of them."""
NAME = "🐼👩\u200d🔧 Żół\u200bć 株式会社 محمد"
"""A name with emoji, one of them joined, a space of no width, and a script from right to left."""
HIDDEN = f"\u202e{NAME}\u0007"
"""The same with signs that turn the line around or mean nothing: no name needs them."""


@dataclass(frozen=True)
class Told:
    """An order in which everybody typed odd things."""

    world: World
    instance: str
    number: str
    task: str

    def page(self, login: str, path: str) -> Any:
        """A page as this person reads it."""
        answer = self.browser(login).get(path)
        assert answer.status_code == 200, path
        return html.fromstring(answer.text)

    def browser(self, login: str) -> Browser:
        return browser(self.world, login)


@pytest.fixture(scope="module")
def told(day: World) -> Told:
    instance = str(day.linxiao.start(channel="sales", entry="inquiry")["id"])
    day.linxiao.do(
        "log_inquiry",
        "answered",
        answers.inquiry(
            company_name=HIDDEN,
            contact_name="周<b>工</b>",
            address=BREAKOUT,
            question=f"{SCRIPT} {TEMPLATE}",
            answer=f"{FORMULA} {QUOTES}",
        ),
        instance=instance,
    )
    day.sunyue.do(
        "accept_order",
        "accept",
        answers.acceptance(day.customer("KH000001"), customer_po_no=QUOTES),
        instance=instance,
    )
    day.sunyue.do(
        "enter_order",
        "submit",
        answers.entry(
            detail=BREAKOUT,
            receiver="{{7919*7907}}",
            service_req=f"{SCRIPT}\n{TEMPLATE}\n{FORMULA}\n{QUOTES}\n{HIDDEN}",
            lines=[
                {
                    "sku": "P-1001",
                    "qty": "1",
                    "unit_price": "1104.00",
                    "description": SCRIPT,
                    "spec": f"{FORMULA} {BREAKOUT}",
                }
            ],
        ),
        instance=instance,
    )
    precheck = day.chenjing.task("precheck_order", instance)
    day.chenjing.post(
        f"/tasks/{precheck['id']}/comments", {"text": f"{SCRIPT} {TEMPLATE} {FORMULA}"}
    )
    checked = [{**one, "note": SCRIPT} for one in answers.precheck()["items"]]
    day.chenjing.do("precheck_order", "submit", {"items": checked}, instance=instance)
    task = day.qianmin.task("review_order", instance)
    day.qianmin.post(f"/tasks/{task['id']}/comments", {"text": f"{QUOTES} {BREAKOUT}"})
    day.qianmin.call(
        "PUT",
        f"/tasks/{task['id']}/draft",
        {"version": task["version"], "variables": {"opinion": f"{SCRIPT} {TEMPLATE}"}},
    )
    order = day.order(instance)
    return Told(day, instance, order["order_no"], str(task["id"]))


PAGES = (
    ("qianmin", "/tasks/{task}"),
    ("qianmin", "/inbox"),
    ("chenjing", "/inbox/done"),
    ("linxiao", "/inbox/started"),
    ("qianmin", "/inbox?q=%3Cscript%3Ealert(1)%3C/script%3E"),
    ("qianmin", "/orders/{number}"),
    ("chenjing", "/orders/{number}"),
    ("hezheng", "/orders/{number}"),
    ("hezheng", "/orders"),
    ("hezheng", "/orders?q=%22onfocus=alert(3)%20x=%22"),
    ("zhangwei", "/monitor"),
    ("zhangwei", "/monitor?q=%7B%7B7919*7907%7D%7D"),
    ("zhangwei", "/monitor/instances/{instance}"),
    ("zhangwei", "/monitor/messages?q=%27%3B%20DROP"),
    ("chenjing", "/customers?q=%3Cscript%3E"),
    ("zhuzhi", "/dashboard"),
    ("qianmin", "/notices"),
    ("qianmin", "/help?q=%3Cscript%3E%7B%7B7919*7907%7D%7D"),
    ("shiyuan", "/studio?q=%3Csvg/onload=alert(4)%3E"),
)


@pytest.mark.parametrize(("login", "path"), PAGES)
def test_no_page_runs_or_works_out_what_people_typed(told: Told, login: str, path: str) -> None:
    page = told.page(login, path.format(task=told.task, number=told.number, instance=told.instance))

    assert page.xpath("//script[not(@src)]") == []
    assert page.xpath("//*[@onerror or @onfocus or @onload or @autofocus='' and @x]") == []
    assert page.xpath("//img[@src='x'] | //svg[@onload] | //iframe | //object") == []
    assert [one for one in page.xpath("//@href") if one.strip().lower().startswith("java")] == []
    assert WORKED_OUT not in page.text_content()
    assert [one for one in page.xpath("//@*") if WORKED_OUT in one] == []


@pytest.mark.parametrize(
    ("login", "path", "text"),
    [
        ("qianmin", "/tasks/{task}", "<script>alert(1)</script>"),
        ("qianmin", "/tasks/{task}", "{{7919*7907}}"),
        ("qianmin", "/tasks/{task}", "'; DROP TABLE orders; --"),
        ("hezheng", "/orders/{number}", "<script>alert(1)</script>"),
        ("hezheng", "/orders/{number}", "=7919*7907"),
        ("hezheng", "/orders/{number}", NAME),
    ],
)
def test_the_pages_show_what_was_typed_as_it_was_typed(
    told: Told, login: str, path: str, text: str
) -> None:
    page = told.page(login, path.format(task=told.task, number=told.number, instance=told.instance))

    shown = page.text_content() + " ".join(page.xpath("//textarea/text() | //@value"))

    assert text in shown


def test_the_order_keeps_the_texts_to_the_letter(told: Told) -> None:
    order = told.world.order(told.instance)

    assert order["customer_po_no"] == QUOTES
    assert order["service_req"].split("\n") == [SCRIPT, TEMPLATE, FORMULA, QUOTES, NAME]
    assert order["lines"][0]["description"] == SCRIPT
    assert order["lines"][0]["spec"] == f"{FORMULA} {BREAKOUT}"


def test_a_name_keeps_its_letters_and_loses_what_could_mislead(told: Told) -> None:
    order = told.world.order(told.instance)

    assert order["inquiry"]["company_name"] == NAME
    for sign in ("\u202e", "\u0007"):
        assert sign not in order["inquiry"]["company_name"] + order["service_req"]


def test_decisions_and_diagrams_never_evaluate_what_was_typed(told: Told) -> None:
    view = told.world.zhangwei.get(f"/instances/{told.instance}")

    assert view["state"] == "active"
    assert view["incidents"] == []
    assert WORKED_OUT not in str(view)


def test_search_takes_signs_that_mean_something_to_databases_as_text(told: Told) -> None:
    qianmin = told.world.qianmin
    listed = [one["instance_id"] for one in qianmin.tasks(query=told.number)]

    for text in ("%25", "_", "'", "%5C", "%2527", "🐼';%20--", "%ED%A0%80", "x" * 5_000):
        found = qianmin.get(f"/tasks?q={text}")
        page = told.page("hezheng", f"/orders?q={text}")
        assert found["items"] == [], text
        assert told.number not in page.text_content(), text
    assert [told.instance] == listed
