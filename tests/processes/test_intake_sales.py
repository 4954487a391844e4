"""P01: from the first call to an order in review, and every way in which that ends earlier."""

import pytest

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.errors import Forbidden, Invalid
from jiedan.desk import catalogue
from jiedan.desk.records import get_order
from tests.processes import answers
from tests.processes.house import House, people


def called(house: House) -> None:
    """A customer has called; nobody has written anything down yet."""
    house.start("linxiao", channel="sales", entry="inquiry")


def accepted(house: House, **changes: object) -> None:
    """The call was logged and the order accepted for KH000001."""
    called(house)
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())
    customer = house.customer("KH000001")
    house.do("sunyue", "accept_order", "accept", **answers.acceptance(customer, **changes))


@pytest.mark.req("S2.1.1", "S2.1.2", "S2.1.4", "S2.2.1", "S2.2.5", "S3.1.3")
def test_a_phone_call_becomes_an_order_in_review_with_its_number_and_total(house: House) -> None:
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry())
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())

    order = house.order()
    assert order.order_no == "XS20260302-0001-1"
    assert order.total_fen == 11_040_000
    assert order.state == "in_review"
    assert house.view().item.business_key == "XS20260302-0001-1"
    assert house.incidents() == []


@pytest.mark.req("S2.2.1")
def test_a_written_order_starts_at_acceptance(house: House) -> None:
    house.start("chenjing", channel="sales", entry="order")

    assert house.waiting() == ["accept_order"]


@pytest.mark.req("S2.1.2", "S2.2.1")
def test_each_task_is_due_when_the_table_of_limits_says(house: House) -> None:
    called(house)
    first = house.item("log_inquiry").due_at
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())

    assert first is not None
    assert first.isoformat() == "2026-03-02T01:30:00+00:00"
    assert house.item("accept_order").due_at.isoformat() == "2026-03-02T06:00:00+00:00"


@pytest.mark.req("S2.1.3", "S3.2.2")
def test_a_special_need_goes_to_the_named_representative(house: House) -> None:
    called(house)
    special = {
        "is_special": True,
        "special_desc": "需要零下四十度环境下长期运行的特殊外壳,请技术确认可行性。",
    }
    with pytest.raises(Invalid) as refused:
        house.do("linxiao", "log_inquiry", "to_sales", **answers.inquiry(**special))
    house.do(
        "linxiao", "log_inquiry", "to_sales", **answers.inquiry(**special, handover_to="chenjing")
    )

    assert "handover_to" in refused.value.fields
    assert house.waiting() == ["follow_up_need"]
    assert house.item("follow_up_need").owners == ("u:chenjing",)

    house.do(
        "chenjing",
        "follow_up_need",
        "continue",
        analysis="外壳可换",
        solution="换壳",
        feasible="yes",
    )
    assert house.waiting() == ["accept_order"]


@pytest.mark.req("S2.1.3")
def test_a_special_need_that_leads_nowhere_is_lost(house: House) -> None:
    called(house)
    special = {
        "is_special": True,
        "special_desc": "需要零下四十度环境下长期运行的特殊外壳,请技术确认可行性。",
    }
    house.do(
        "linxiao", "log_inquiry", "to_sales", **answers.inquiry(**special, handover_to="chenjing")
    )
    house.do(
        "chenjing", "follow_up_need", "close",
        analysis="做不到", solution="无", feasible="no", lost_reason="spec",
    )  # fmt: skip

    assert house.order().state == "lost"
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.2.1")
def test_no_interest_is_lost_with_its_reason(house: House) -> None:
    called(house)
    with pytest.raises(Invalid) as refused:
        house.do("linxiao", "log_inquiry", "no_interest", **answers.inquiry())
    house.do("linxiao", "log_inquiry", "no_interest", **answers.inquiry(lost_reason="price"))

    assert "lost_reason" in refused.value.fields
    assert house.order().state == "lost"
    assert house.waiting() == []


@pytest.mark.req("S2.2.1")
def test_an_undecided_customer_cannot_be_accepted_but_supplemented(house: House) -> None:
    called(house)
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())
    undecided = answers.acceptance(house.customer("KH000001"), intent="undecided")
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "accept_order", "accept", **undecided)
    house.do("sunyue", "accept_order", "supplement", **undecided)

    assert "intent" in refused.value.fields
    assert house.waiting() == ["supplement_order"]


@pytest.mark.req("S2.2.1")
def test_an_acceptance_may_end_as_lost(house: House) -> None:
    called(house)
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())
    house.do("sunyue", "accept_order", "lost", lost_reason="competitor")

    assert house.order().state == "lost"


@pytest.mark.req("S2.2.1")
def test_nobody_deciding_for_fifteen_days_expires_the_order(house: House) -> None:
    called(house)
    house.do("linxiao", "log_inquiry", "answered", **answers.inquiry())
    house.pass_time(days=15)

    assert house.order().state == "expired"
    assert house.waiting() == []


INCOMPLETE = dict.fromkeys((*answers.PLACE, "payment_method", "term_days"))


@pytest.mark.req("S2.2.2", "S2.2.4")
def test_an_incomplete_order_names_what_is_missing_and_is_supplemented(house: House) -> None:
    """SPEC A04, variant a: 4 of 6 groups are there, 66.7 %."""
    accepted(house)
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(**INCOMPLETE))
    house.do("sunyue", "enter_order", "supplement", **answers.entry(**INCOMPLETE))

    assert {"detail", "payment_method"} <= set(refused.value.fields)
    assert house.waiting() == ["supplement_order"]
    beside = {fact["value"] for fact in house.open("chenjing", "supplement_order").facts}
    assert {"66.67 %", "delivery place", "payment method"} <= beside

    house.do(
        "chenjing", "supplement_order", "completed", ("customer_evidence",),
        supplied="送到嘉定,账期 60 天。",
        contact_log=[{"at": "2026-03-02T09:00:00+08:00", "way": "phone", "result": "客户已确认"}],
    )  # fmt: skip
    house.do("sunyue", "enter_order", "submit", **answers.entry())
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())
    assert house.order().state == "in_review"


@pytest.mark.req("S2.2.4")
def test_an_order_that_nobody_supplements_is_reminded_of_and_expires(house: House) -> None:
    """SPEC A04, variant b."""
    accepted(house)
    house.do("sunyue", "enter_order", "supplement", **answers.entry(**INCOMPLETE))
    house.pass_time(days=2)
    reminded = [one.element_id for one in house.view().history]
    house.pass_time(days=13)

    assert "remind_supplement" in reminded
    assert house.order().state == "expired"
    assert house.waiting() == []


@pytest.mark.req("S2.2.4")
def test_a_customer_who_gives_up_is_lost(house: House) -> None:
    accepted(house)
    house.do("sunyue", "enter_order", "supplement", **answers.entry(**INCOMPLETE))
    house.do(
        "chenjing", "supplement_order", "given_up", lost_reason="no_response",
        contact_log=[{"at": "2026-03-02T09:00:00+08:00", "way": "phone", "result": "不要了"}],
    )  # fmt: skip

    assert house.order().state == "lost"


@pytest.mark.req("S3.1.3")
def test_a_failed_precheck_goes_back_to_entry(house: House) -> None:
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry())
    with pytest.raises(Invalid):
        house.do(
            "chenjing", "precheck_order", "submit", **answers.precheck(price="客户说的是 1100")
        )
    house.do("chenjing", "precheck_order", "back", **answers.precheck(price="客户说的是 1100"))

    assert house.waiting() == ["enter_order"]
    assert house.order().state == "draft"


@pytest.mark.req("S3.1.3")
def test_nobody_prechecks_an_entry_of_theirs_in_the_name_of_its_owner(house: House) -> None:
    accepted(house, owner="chenjing")
    house.do("sunyue", "enter_order", "submit", **answers.entry())

    chenjing = people()["chenjing"]
    standing_in = Actor("sunyue", "Sunyue", chenjing.roles, on_behalf_of="chenjing")
    with pytest.raises(Forbidden) as refused:
        house.claim(standing_in, house.item("precheck_order"))
    assert refused.value.code in {"SOD_1", "SOD_16"}


@pytest.mark.req("S2.2.3")
def test_a_total_that_differs_by_one_fen_is_refused(house: House) -> None:
    accepted(house)
    with pytest.raises(Invalid):
        house.do("sunyue", "enter_order", "submit", **answers.entry(total="110400.01"))
    house.do("sunyue", "enter_order", "submit", **answers.entry(total="110400.00"))

    assert house.waiting() == ["precheck_order"]


@pytest.mark.parametrize("qty", ["-1", "0", "NaN", "1e999", "1.2345", "abc"])
def test_a_quantity_that_is_none_changes_nothing(house: House, qty: str) -> None:
    """SPEC A25."""
    accepted(house)
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(qty=qty))

    assert "lines[0].qty" in refused.value.fields
    assert house.order().order_no is None


def test_full_width_digits_are_read_as_digits(house: House) -> None:
    """SPEC A25."""
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry(qty="１００"))

    assert house.order().total_fen == 11_040_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delivery_date", "2026-03-01"),
        ("receiver_phone", "12"),
        ("province", "火星"),
        ("term_days", 999),
    ],
)
def test_a_wrong_entry_is_refused_by_name(house: House, field: str, value: object) -> None:
    accepted(house)
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(**{field: value}))

    assert field in refused.value.fields


def test_an_unknown_field_is_refused(house: House) -> None:
    """SPEC A25: nobody approves an order by adding a field."""
    accepted(house)
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(state="approved"))

    assert "state" in refused.value.fields


@pytest.mark.req("S1.3.4")
def test_the_same_order_again_is_noticed(house: House) -> None:
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry())
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry())

    assert house.variables()["order_id"]
    assert house.order().order_no == "XS20260302-0002-9"


@pytest.mark.parametrize("sku", ["P-0000", "'; drop table orders; --", "../../etc/passwd"])
def test_an_unknown_product_is_refused(house: House, sku: str) -> None:
    """SPEC X03, A25."""
    accepted(house)
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(sku=sku))

    assert "lines[0].sku" in refused.value.fields


def test_a_product_discontinued_meanwhile_stops_the_order_before_review(house: House) -> None:
    """SPEC X03."""
    accepted(house)
    house.do("sunyue", "enter_order", "submit", **answers.entry())
    with house.platform.work(actor=SYSTEM) as work:
        catalogue.discontinue_item(work, sku="P-1001", reason="停产")
    with pytest.raises(Invalid) as refused:
        house.do("chenjing", "precheck_order", "submit", **answers.precheck())

    assert "lines[0].sku" in refused.value.fields
    assert house.order().state == "draft"


def test_two_hundred_and_one_lines_are_too_many(house: House) -> None:
    """SPEC A25."""
    accepted(house)
    many = [{"sku": "P-1001", "qty": "1", "unit_price": "1104.00"}] * 201
    with pytest.raises(Invalid) as refused:
        house.do("sunyue", "enter_order", "submit", **answers.entry(lines=many))

    assert "lines" in refused.value.fields


def test_text_is_text_whatever_it_says(house: House) -> None:
    """SPEC A25: nothing that a person types is ever evaluated."""
    accepted(house)
    odd = "<script>alert(1)</script> {{7*7}} ${7*7} =cmd|'/c calc'!A0"
    house.do("sunyue", "enter_order", "submit", **answers.entry(service_req=odd))
    house.do("chenjing", "precheck_order", "submit", **answers.precheck())

    with house.platform.read() as session:
        assert get_order(session, house.order().order_id).service_req == odd
    assert house.order().state == "in_review"
