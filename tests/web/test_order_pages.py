"""Orders, customers and the catalogue: who sees what, and how things are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.database import Database
from jiedan.core.platform import Platform
from jiedan.desk import lists, orders
from jiedan.desk.demo import load_base
from jiedan.flow.platform import Flow
from jiedan.people.accounts import add_user
from tests.templates import copied, filling

from .conftest import PASSWORD, Browser

Browsers = Callable[..., Browser]
SALES = {"chenjing": ("陈静", "Chen Jing", "SR"), "zhaolei": ("赵磊", "Zhao Lei", "SR")}
NUMBER = "XS20260302-0001-1"


@pytest.fixture(scope="module")
def _shop_file(tmp_path_factory: pytest.TempPathFactory, _teahouse_file: Path) -> Path:
    """The house with an order of East Precision, owned by Chen Jing and entered by Sun Yue."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    with filling(path, start=_teahouse_file) as platform:
        with platform.work(actor=SYSTEM) as work:
            for login, (name, name_en, role) in SALES.items():
                add_user(
                    work, login=login, name=name, name_en=name_en, roles={role},
                    password=PASSWORD, must_change_password=False,
                )  # fmt: skip
            load_base(work)
        with platform.work(actor=Actor("sunyue", "孙悦", frozenset({"OC"}))) as work:
            east = lists.list_customers(work.session, query="KH000001").items[0].customer_id
            opened = orders.open_order(work, channel="sales", owner="chenjing")
            orders.accept_order(
                work,
                order_id=opened.order_id,
                customer=east,
                intent="confirmed",
                order_kind="product",
            )
            entered = orders.enter_order(
                work,
                order_id=opened.order_id,
                entry={
                    "lines": [{"sku": "P-1001", "qty": "100", "unit_price": 110400}],
                    "delivery_date": "2026-03-12",
                    "province": "上海市",
                    "city": "上海市",
                    "district": "嘉定区",
                    "detail": "墨玉路 28 号",
                    "receiver": "沈国平",
                    "receiver_phone": "13812345678",
                    "payment_method": "credit_term",
                    "term_days": 60,
                    "partial_ok": False,
                },
            )
    assert entered.order_no == NUMBER
    return path


@pytest.fixture
def database(tmp_path: Path, _shop_file: Path) -> Iterator[Database]:
    """A house of the test's own, with that order."""
    with copied(tmp_path / "shop.db", template=_shop_file) as database:
        yield database


@pytest.fixture
def order(flow: Flow) -> str:
    """The number of the order."""
    return NUMBER


def test_an_order_is_found_however_its_number_is_typed(browser: Browsers, order: str) -> None:
    sunyue = browser("sunyue")

    for typed in (
        NUMBER,
        "xs20260302-0001-1",
        "ＸＳ２０２６０３０２－０００１－１",
        " XS20260302 0001 1 ",
    ):
        assert sunyue.get(f"/orders/find?q={typed}").location.endswith(NUMBER)


def test_one_wrong_digit_is_told_at_once(browser: Browsers, order: str) -> None:
    sunyue = browser("sunyue")

    led = sunyue.get("/orders/find?q=XS20260302-0001-2")

    assert "check digit" in sunyue.get(led.location).text


@pytest.mark.parametrize("typed", ["华东精工", "huadongjinggong", "hdjg", "P-1001", "5678"])
def test_an_order_is_found_by_what_people_remember(
    browser: Browsers, order: str, typed: str
) -> None:
    answer = browser("sunyue").get(f"/orders/find?q={typed}")

    assert answer.location.endswith(NUMBER)


@pytest.mark.req("A25")
@pytest.mark.parametrize("typed", ["' OR 1=1 --", "%", "_", "<script>", "\x00", "{{7*7}}"])
def test_odd_searches_find_nothing_and_break_nothing(
    browser: Browsers, order: str, typed: str
) -> None:
    answer = browser("sunyue").get("/orders", query_string={"q": typed})

    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_the_page_of_an_order_says_what_who_and_how_much(browser: Browsers, order: str) -> None:
    page = browser("sunyue").get(f"/orders/{order}").text

    assert "P-1001" in page
    assert "¥110,400.00" in page
    assert "壹拾壹万零肆佰元整" not in page
    sunyue = browser("sunyue")
    sunyue.client.set_cookie("locale", "zh")
    assert "壹拾壹万零肆佰元整" in sunyue.get(f"/orders/{order}").text
    assert "Chen Jing" in page
    assert "12 Mar 2026" in page


@pytest.mark.req("A23")
def test_personal_data_is_masked_without_an_open_task(browser: Browsers, order: str) -> None:
    page = browser("sunyue").get(f"/orders/{order}").text

    assert "13812345678" not in page
    assert "138****5678" in page
    assert "墨玉路" not in page


@pytest.mark.req("A25")
def test_a_stranger_cannot_even_tell_that_an_order_exists(browser: Browsers, order: str) -> None:
    stranger = browser("stranger")

    there = stranger.get(f"/orders/{order}")
    absent = stranger.get("/orders/XS20260302-0002-9")

    assert there.status_code == absent.status_code == 404
    assert NUMBER not in stranger.get("/orders").text


def test_sales_people_see_their_own_orders(browser: Browsers, order: str) -> None:
    assert NUMBER in browser("chenjing").get("/orders").text
    assert NUMBER not in browser("zhaolei").get("/orders").text
    assert browser("chenjing").get(f"/orders/{order}").status_code == 200
    assert browser("zhaolei").get(f"/orders/{order}").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("group=intake", True),
        ("group=delivery", False),
        ("state=draft", True),
        ("state=nonsense", True),
        ("channel=netease", False),
        ("held=1", False),
        ("late=1", False),
        ("from=2026-03-02&to=2026-03-02", True),
        ("to=2026-03-01", False),
        ("from=nonsense", True),
        ("page=99999", False),
    ],
)
def test_filters_have_addresses(browser: Browsers, order: str, query: str, found: bool) -> None:
    assert (NUMBER in browser("sunyue").get(f"/orders?{query}").text) is found


@pytest.mark.req("A23")
def test_customers_are_masked_except_for_their_own_sales_person(
    browser: Browsers, order: str, platform: Platform
) -> None:
    with platform.read() as session:
        east = lists.list_customers(session, query="KH000001").items[0]
    assert east.phone
    assert east.owner == "chenjing"

    assert east.phone in browser("chenjing").get(f"/customers/{east.customer_id}").text
    assert east.phone not in browser("zhaolei").get(f"/customers/{east.customer_id}").text
    assert east.phone not in browser("sunyue").get("/customers").text


def test_who_has_no_business_with_customers_does_not_learn_of_them(
    browser: Browsers, order: str
) -> None:
    assert browser("stranger").get("/customers").status_code == 404
    assert browser("stranger").get("/dashboard").status_code == 404
    assert "/customers" not in browser("stranger").get("/inbox").text


def test_the_warehouse_reads_the_catalogue_without_prices(browser: Browsers, order: str) -> None:
    assert "¥1,200.00" in browser("sunyue").get("/catalogue/P-1001").text
    assert "¥1,200.00" not in browser("stranger").get("/catalogue/P-1001").text
    assert "P-1001" in browser("stranger").get("/catalogue").text


def test_the_day_in_numbers(browser: Browsers, order: str) -> None:
    page = browser("zhuzhi").get("/dashboard").text

    assert "Open orders" in page
    assert "¥110,400.00" in page


def test_choices_are_found_while_one_types(browser: Browsers, order: str) -> None:
    sunyue = browser("sunyue")

    customers = sunyue.get("/choices/customers?q=hdjg").json
    products = sunyue.get("/choices/catalogue?q=T100").json
    people = sunyue.get("/choices/people:SR?q=chen").json

    assert customers is not None
    assert customers[0]["value"].startswith("华东精工有限公司")
    assert products is not None
    assert products[0]["value"] == "P-1001"
    assert people == [{"value": "Chen Jing", "label": "Chen Jing"}]
    assert browser().get("/choices/customers?q=hdjg").status_code == 303
