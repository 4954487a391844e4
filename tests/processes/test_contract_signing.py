"""P05: a contract is drafted, reviewed, agreed, signed by who may, and filed; or it is not."""

from __future__ import annotations

import pytest

from jiedan.core.errors import Invalid
from jiedan.desk.contracts import order_contract
from jiedan.desk.records import get_row
from jiedan.desk.tables import Contract
from tests.processes import contracting
from tests.processes import fulfilment as half
from tests.processes.house import House
from tests.processes.test_order_main import approved, tailor_made

VAGUE = "尽快按相关标准适当检验，一周左右完成即视为合格验收。"


@pytest.mark.req("N2.3.2", "N2.3.3", "N2.3.4", "S5.3.3", "S4.2.4")
def test_a_contract_goes_from_its_draft_to_the_archive(house: House) -> None:
    tailor_made(house)
    assert house.order().state == "contract_pending"
    assert house.waiting() == ["draft_contract"]
    contracting.drafted(house)
    assert house.waiting() == ["review_contract"]
    contracting.reviewed(house)
    assert house.waiting() == ["customer_review"]
    contracting.answered(house)
    assert house.item("sign_contract").owners == ("r:SM", "r:SD", "r:GM")
    half.take(house, "majun", "sign_contract", "signed", ("evidence",), mode="esign")
    half.take(house, "chenjing", "archive_contract", "archived", ("scan",), paper_location="A-12")

    assert house.order().state == "awaiting_deposit"
    with house.platform.read() as session:
        found = order_contract(session, order_id=house.order().order_id)
        assert found is not None
        row = get_row(session, Contract, found.contract_id)
        assert (row.state, row.signer, row.paper_location, row.copies) == (
            "archived",
            "majun",
            "A-12",
            2,
        )
        assert (row.template, row.amount_fen) == ("custom", 14_720_000)


@pytest.mark.req("N2.3.3", "S5.3.3")
def test_vague_words_are_made_clear_before_legal_lets_it_pass(house: House) -> None:
    """SPEC A12: legal flags 尽快."""
    tailor_made(house)
    contracting.drafted(house, acceptance_criteria=VAGUE)
    words = house.open("xuwen", "review_contract").values["vague"]
    assert "尽快" in {one["word"] for one in words}
    with pytest.raises(Invalid):
        contracting.reviewed(house)
    clear = [{**one, "resolution": "改为签约后五个工作日内"} for one in words]
    half.take(house, "xuwen", "review_contract", "approve", **contracting.clauses(), vague=clear)

    assert house.waiting() == ["customer_review"]


@pytest.mark.req("S5.3.3")
def test_legal_sends_an_unsound_contract_back_to_its_author(house: House) -> None:
    tailor_made(house)
    contracting.drafted(house)
    with pytest.raises(Invalid):
        half.take(
            house,
            "xuwen",
            "review_contract",
            "approve",
            **contracting.clauses(ACCEPTANCE="标准含糊不清"),
        )
    contracting.reviewed(house, ACCEPTANCE="标准含糊不清")

    assert house.waiting() == ["draft_contract"]
    kept = house.open("chenjing", "draft_contract").values
    assert kept["delivery_terms"] == contracting.DRAFT["delivery_terms"]


@pytest.mark.req("N2.3.3")
def test_changes_that_the_customer_wants_begin_another_round(house: House) -> None:
    """SPEC A12: the customer rejects once and signs in round 2."""
    tailor_made(house)
    contracting.drafted(house)
    contracting.reviewed(house)
    contracting.answered(house, "changes", changes="付款改为货到三十天")
    assert house.waiting() == ["draft_contract"]
    shown = [one["value"] for one in house.open("chenjing", "draft_contract").facts]
    assert "付款改为货到三十天" in shown
    contracting.signed(house)

    assert house.order().state == "awaiting_deposit"


@pytest.mark.req("N2.3.2", "N2.3.3")
def test_too_many_rounds_lose_the_order(house: House) -> None:
    """SPEC X10: contract.max_rounds is 5."""
    tailor_made(house)
    for _ in range(5):
        contracting.drafted(house)
        contracting.reviewed(house)
        contracting.answered(house, "changes", changes="再降价")

    assert house.order().state == "lost"
    assert house.view().item.state == "completed"


@pytest.mark.req("N2.3.2")
def test_a_customer_who_refuses_the_contract_loses_the_order(house: House) -> None:
    """SPEC X10."""
    tailor_made(house)
    contracting.drafted(house)
    contracting.reviewed(house)
    contracting.answered(house, "refuse", lost_reason="competitor")

    assert house.order().state == "lost"


@pytest.mark.req("N2.3.2")
def test_a_customer_who_never_answers_loses_the_order(house: House) -> None:
    tailor_made(house)
    contracting.drafted(house)
    contracting.reviewed(house)
    house.pass_time(days=14)
    assert house.waiting() == ["customer_review"]
    house.pass_time(days=16)

    assert house.order().state == "lost"


@pytest.mark.req("N2.3.2")
@pytest.mark.parametrize("element", ["draft_contract", "sign_contract"])
def test_a_contract_may_be_given_up(house: House, element: str) -> None:
    tailor_made(house)
    if element == "draft_contract":
        house.do("chenjing", "draft_contract", "abandon")
    else:
        contracting.drafted(house)
        contracting.reviewed(house)
        contracting.answered(house)
        house.do("wangqiang", "sign_contract", "refused")

    assert house.order().state == "lost"


@pytest.mark.req("N2.3.4")
def test_large_contracts_are_signed_by_the_general_manager(house: House) -> None:
    approved(
        house,
        lines=[{"sku": "P-2001", "qty": "16", "unit_price": "34960.00"}],
        delivery_date="2026-03-31",
        payment_method="deposit_balance",
        term_days=None,
    )
    contracting.drafted(house)
    contracting.reviewed(house)
    contracting.answered(house)

    assert house.item("sign_contract").owners == ("r:GM",)
