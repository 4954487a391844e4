"""P07: a line is made, inspected, and what is bad is mended, remade, given up or conceded."""

from __future__ import annotations

from typing import Any

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.errors import Conflict, Forbidden, Invalid
from jiedan.desk import production
from jiedan.desk.errors import QcNotPassed
from jiedan.desk.production import ProductionFacts
from jiedan.desk.records import get_order
from jiedan.desk.tables import ProductionOrder
from jiedan.desk.values import as_id
from tests.processes import fulfilment as half
from tests.processes import making
from tests.processes.house import House, people

WHY = "缺陷仅为外壳划痕，不影响性能与安全，返工将使交期推迟两周，客户生产线等待。"
BAD = {
    "qty_bad": "1",
    "note": "一台耐压不足",
    "defects": [{"code": "耐压", "qty": "1", "level": "major"}],
}


def making_four(house: House) -> str:
    """Four cabinets are to be made; the id of the order."""
    order_id = half.approved(house, ("P-2001", 4))
    half.planned(house, order_id)
    house.do("dengchao", "review_plan", "approve")
    return order_id


def the_order(house: House, order_id: str) -> ProductionFacts:
    with house.platform.read() as session:
        return production.list_production(session, order_id=order_id)[-1]


def one_bad(house: House) -> str:
    """Four are made, and one of them is bad."""
    order_id = making_four(house)
    making.started(house)
    making.reported(house)
    making.inspected(house, "fail", **BAD)
    return order_id


def decided(house: House, decision: str, login: str = "wugang") -> None:
    half.take(house, login, "review_nonconformity", "decide", decision=decision, cause="焊接不良")


@pytest.mark.req("S2.4.4", "S3.4.2", "S5.2.4", "N3.3.1", "N4.1.1")
def test_a_line_goes_from_its_schedule_through_three_inspections_to_the_gate(house: House) -> None:
    """SPEC A02: incoming, in-process and final inspection."""
    order_id = making_four(house)
    assert house.waiting() == ["schedule_production"]
    making.started(house)
    making.reported(house, "progress", qty_done="1", progress_pct=25)
    making.reported(house, "inspect", qty_done="2", progress_pct=50)
    half.take(house, "zhengjie", "inspect_process", "pass", step="装配")
    making.reported(house)
    assert half.line(house, order_id).qty_produced == 0
    making.inspected(house)

    assert house.waiting() == ["self_check"]
    assert half.line(house, order_id).qty_produced == 4
    assert the_order(house, order_id).state == "done"
    assert the_order(house, order_id).number.endswith("-M01")


@pytest.mark.req("S3.4.3", "S5.2.4")
def test_one_bad_piece_is_reworked_and_passes_the_second_time(house: House) -> None:
    """SPEC A02, X14."""
    order_id = one_bad(house)
    assert house.waiting() == ["review_nonconformity"]
    assert half.line(house, order_id).qty_produced == 3
    decided(house, "rework")
    making.reported(house)
    making.inspected(house)

    assert house.waiting() == ["self_check"]
    assert half.line(house, order_id).qty_produced == 4


@pytest.mark.req("S5.2.4")
def test_bad_material_is_scheduled_again(house: House) -> None:
    making_four(house)
    making.scheduled(house)
    half.take(house, "zhengjie", "inspect_material", "fail", note="铜排尺寸超差")

    assert house.waiting() == ["schedule_production"]
    making.scheduled(house)
    half.take(house, "zhengjie", "inspect_material", "concession", note="差异可接受")
    assert house.waiting() == ["report_production"]


@pytest.mark.req("S5.2.4")
def test_a_bad_step_is_reviewed_before_the_work_goes_on(house: House) -> None:
    making_four(house)
    making.started(house)
    making.reported(house, "inspect", qty_done="1", progress_pct=25)
    half.take(house, "zhengjie", "inspect_process", "fail", step="焊接", note="虚焊")

    assert house.waiting() == ["review_nonconformity"]
    decided(house, "rework", "zhengjie")
    assert house.waiting() == ["report_production"]


@pytest.mark.req("S2.4.4")
def test_part_of_the_lot_may_be_passed_first(house: House) -> None:
    order_id = making_four(house)
    making.started(house)
    making.reported(house, qty_done="2", progress_pct=50)
    making.inspected(house)

    assert half.line(house, order_id).qty_produced == 2
    assert house.waiting() == ["report_production"]


@pytest.mark.req("S3.4.3", "N3.2.5")
def test_scrapped_pieces_end_the_line_and_become_a_shortage(house: House) -> None:
    """SPEC X14: PROD_FAILED; whoever decides may cut the quantity with the customer's consent."""
    order_id = one_bad(house)
    decided(house, "scrap")
    assert house.waiting() == ["report_shortage"]
    half.take(house, "xieming", "report_shortage", "report", proposal="与客户协商先交三台。")
    house.do("dengchao", "decide_shortage", "decide", choice="partial", note="先交三台")
    house.do("chenjing", "ask_customer_consent", "agree", evidence="客户来函同意")

    assert house.waiting() == ["self_check"]
    line = half.line(house, order_id)
    assert (line.qty_produced, line.qty_cancelled) == (3, 1)


@pytest.mark.req("S3.4.3")
def test_a_piece_that_fails_too_often_is_not_remade_again(house: House) -> None:
    """SPEC X14: production.max_remake is 2; a third remake fails."""
    order_id = one_bad(house)
    for _ in range(2):
        decided(house, "remake")
        making.reported(house)
        making.inspected(house, "fail", **BAD)
    decided(house, "remake")

    assert house.waiting() == ["report_shortage"]
    assert (the_order(house, order_id).state, the_order(house, order_id).remakes) == ("failed", 3)
    half.take(house, "xieming", "report_shortage", "report", proposal="换产线重新投产一台。")
    house.do("dengchao", "decide_shortage", "decide", choice="reallocate", note="改由二号线生产")
    half.take(house, "duchuan", "record_arrival", "arrived", reference="二号线排产")
    assert house.waiting() == ["schedule_production"]
    assert the_order(house, order_id).number.endswith("-M02")
    assert the_order(house, order_id).qty == 1


def conceded(house: House) -> str:
    """Production wants to hand the bad piece over as it is."""
    order_id = one_bad(house)
    decided(house, "concession")
    house.do("wugang", "request_special", "submit", ("attachments",), justification=WHY)
    return order_id


@pytest.mark.req("S2.3.7", "S2.4.9", "S5.2.3")
def test_a_concession_needs_a_leader_and_the_customer(house: House) -> None:
    """SPEC X14."""
    order_id = conceded(house)
    house.do("wangqiang", "decide_special", "approve", opinion="同意让步接收。")
    assert house.waiting() == ["ask_concession"]
    house.do("chenjing", "ask_concession", "agree", evidence="客户邮件同意")

    assert house.waiting() == ["self_check"]
    assert half.line(house, order_id).qty_produced == 4


@pytest.mark.req("S2.3.7")
def test_without_the_leader_there_is_no_concession(house: House) -> None:
    conceded(house)
    house.do("wangqiang", "decide_special", "reject", opinion="不同意让步。")

    assert house.waiting() == ["review_nonconformity"]


@pytest.mark.req("S2.4.9")
def test_a_customer_who_does_not_accept_gets_a_good_piece(house: House) -> None:
    conceded(house)
    house.do("wangqiang", "decide_special", "approve", opinion="同意让步接收。")
    house.do("chenjing", "ask_concession", "disagree", evidence="客户拒绝")

    assert house.waiting() == ["review_nonconformity"]


# --- what the desk refuses ------------------------------------------------------------------------
@pytest.mark.req("S2.4.4", "SOD-6")
def test_whoever_made_the_goods_does_not_inspect_them(house: House) -> None:
    order_id = making_four(house)
    making.started(house)
    making.reported(house)
    item = house.item("inspect_production")
    maker = people()["wugang"]
    with pytest.raises(Forbidden) as refused:
        house.claim(type(maker)("wugang", "吴刚", frozenset({"QC"})), item)
    assert refused.value.code == "SOD_6"
    with house.platform.work(actor=maker) as work, pytest.raises(Forbidden):
        production.record_inspection(
            work,
            production_id=the_order(house, order_id).production_id,
            kind="FQC",
            sample_size=2,
            needed_sample=2,
            result="pass",
        )


@pytest.mark.req("S2.5.1", "N4.1.1")
def test_nothing_is_taken_in_without_a_final_inspection(house: House) -> None:
    order_id = making_four(house)
    making.started(house)
    making.reported(house)
    with house.platform.work(actor=SYSTEM) as work:
        row = work.session.get(ProductionOrder, as_id(the_order(house, order_id).production_id))
        assert row is not None
        row.state = "qc"
        with pytest.raises(QcNotPassed):
            production.take_in(work, production_id=row.id)


@pytest.mark.req("S2.4.4")
def test_figures_of_the_workshop_never_go_back_nor_beyond_the_plan(house: House) -> None:
    making_four(house)
    making.started(house)
    making.reported(house, "progress", qty_done="2", progress_pct=50)
    for changes in (
        {"qty_done": "1", "progress_pct": 60},
        {"qty_done": "3", "progress_pct": 40},
        {"qty_done": "5", "progress_pct": 60},
    ):
        with pytest.raises(Invalid):
            making.reported(house, "progress", **changes)


@pytest.mark.req("S5.2.4")
def test_quality_looks_at_enough_pieces_and_a_critical_defect_never_passes(house: House) -> None:
    making_four(house)
    making.started(house)
    making.reported(house)
    for changes in (
        {"sample_size": 1},
        {"defects": [{"code": "漏电", "qty": "1", "level": "critical"}]},
        {"qty_bad": "1"},
    ):
        with pytest.raises(Invalid):
            making.inspected(house, **changes)
    with pytest.raises(Invalid):
        making.inspected(house, "fail", note="坏", qty_bad="0")


@pytest.mark.req("S2.4.4")
def test_taking_in_twice_takes_nothing_twice(house: House) -> None:
    order_id = making_four(house)
    making.made(house)
    with house.platform.work(actor=SYSTEM) as work:
        production.take_in(work, production_id=the_order(house, order_id).production_id)

    assert half.line(house, order_id).qty_produced == 4


# --- falling behind -------------------------------------------------------------------------------
LATE: dict[str, Any] = {
    "cause_kind": "material",
    "cause": "铜排到货延误",
    "measures": "周末加班并启用备用供应商。",
    "new_eta": "2026-03-25T18:00:00+08:00",
}


@pytest.mark.req("N3.4.3", "S2.4.8")
def test_an_order_behind_its_plan_is_asked_why_and_how_it_catches_up(house: House) -> None:
    """SPEC X15."""
    order_id = making_four(house)
    assert "recover_lag" not in house.waiting()
    house.pass_time(days=12)

    assert house.waiting() == ["recover_lag", "schedule_production"]
    half.take(house, "xieming", "recover_lag", "submit", **LATE)
    assert house.waiting() == ["schedule_production"]
    house.pass_time(days=1)
    assert "recover_lag" not in house.waiting()
    assert half.order(house, order_id).state == "in_execution"


@pytest.mark.req("S2.4.9", "S5.2.3", "N3.4.3")
@pytest.mark.parametrize(("answer", "day"), [("agree", "2026-03-31"), ("disagree", "2026-03-12")])
def test_the_promised_day_moves_only_when_the_customer_agrees(
    house: House, answer: str, day: str
) -> None:
    order_id = making_four(house)
    house.pass_time(days=12)
    half.take(house, "xieming", "recover_lag", "submit", **LATE, affects_promise=True)
    more = {"new_promise": "2026-03-31"} if answer == "agree" else {}
    house.do("chenjing", "ask_later_date", answer, evidence="客户电话答复", **more)

    with house.platform.read() as session:
        assert str(get_order(session, order_id).promised_date) == day


@pytest.mark.req("S2.4.4")
def test_the_conflict_of_a_finished_order_is_told(house: House) -> None:
    order_id = making_four(house)
    making.made(house)
    with house.platform.work(actor=people()["wugang"]) as work, pytest.raises(Conflict):
        production.report_production(
            work,
            production_id=the_order(house, order_id).production_id,
            qty_done="4",
            progress_pct=100,
        )


@pytest.mark.req("N3.4.3", "S2.4.8")
def test_work_that_is_done_does_not_wait_for_the_reasons_of_a_delay(house: House) -> None:
    order_id = making_four(house)
    house.pass_time(days=12)
    making.made(house)
    assert house.waiting() == ["recover_lag", "self_check"]
    house.do("xieming", "self_check", "pass", **half.checked(house))

    assert house.view().item.state == "completed"
    assert half.order(house, order_id).state == "ready"
