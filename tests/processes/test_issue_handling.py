"""P11: a problem, from the first word to the customer's satisfaction."""

import pytest
from sqlalchemy import select

from jiedan.core.errors import Invalid
from jiedan.desk import issues
from jiedan.desk.issues import IssueFacts
from jiedan.flow.tables import MessageRow
from tests.processes import fulfilment as half
from tests.processes.house import House

REPORT = {
    "contact": "周工 13800000001",
    "description": "两台温控器显示屏不亮,请尽快处理",
    "category": "logistics",
    "found_at": "2026-03-02T08:50:00+08:00",
    "cause_known": False,
}


def called(house: House, **changes: object) -> str:
    """A customer calls about a finished order; after-sales writes it down."""
    order_id = half.accepted(house, ("P-1001", 20))
    house.start("luodan", "issue_handling")
    number = half.order(house, order_id).order_no
    house.do("luodan", "log_issue", "assign", **{**REPORT, "order_no": number, **changes})
    return order_id


def the_issue(house: House, order_id: str) -> IssueFacts:
    with house.platform.read() as session:
        return issues.list_issues(session, order_id=order_id)[-1]


def analysed(
    house: House, login: str = "fengtao", outcome: str = "general", **more: object
) -> None:
    half.take(
        house,
        login,
        "analyse_issue",
        outcome,
        **{"cause": "运输颠簸", "plan": "更换两台", "resolution": "fix", **more},
    )


def replied(house: House) -> None:
    house.do("luodan", "reply_first", "replied", reply="我们马上处理", way="phone")


def fixed(house: House, login: str = "fengtao") -> None:
    house.do(login, "fix_issue", "fixed", result="已更换", evidence="照片 2 张")


@pytest.mark.req("N5.1.2", "N5.1.3", "N5.2.1", "N5.2.2", "N5.2.5", "S3.2.3")
def test_a_general_problem_goes_from_the_hotline_to_a_satisfied_customer(house: House) -> None:
    order_id = called(house)
    found = the_issue(house, order_id)
    assert (found.severity, found.department) == ("general", "物流")
    assert house.view().item.business_key == found.issue_no == "WT20260302-0001"

    first = house.item("reply_first").due_at
    assert first is not None
    assert first.isoformat() == "2026-03-02T03:00:00+00:00"
    replied(house)
    analysed(house)
    due = house.item("fix_issue").due_at
    assert due is not None
    assert due.isoformat() == "2026-03-05T10:00:00+00:00"
    fixed(house)
    house.do("luodan", "confirm_with_customer", "solved", rating=5, text="满意")

    assert the_issue(house, order_id).state == "closed"
    assert house.variables()["outcome"] == "resolved"
    assert house.view().item.state == "completed"


@pytest.mark.req("N5.1.3")
def test_a_claim_without_ground_is_turned_down_with_a_reason(house: House) -> None:
    order_id = half.accepted(house, ("P-1001", 20))
    house.start("luodan", "issue_handling")
    number = half.order(house, order_id).order_no
    with pytest.raises(Invalid) as refused:
        house.do("luodan", "log_issue", "rejected_claim", **{**REPORT, "order_no": number})
    assert "reject_reason" in refused.value.fields
    house.do(
        "luodan",
        "log_issue",
        "rejected_claim",
        **{**REPORT, "order_no": number, "reject_reason": "已过质保期且为人为损坏"},
    )

    assert the_issue(house, order_id).state == "rejected"
    assert house.variables()["outcome"] == "rejected_claim"


@pytest.mark.req("S2.5.8")
def test_a_report_that_comes_as_a_message_starts_its_own_instance(house: House) -> None:
    order_id = half.accepted(house, ("P-1001", 20))
    number = half.order(house, order_id).order_no
    assert number is not None
    delivered = house.message(
        "issue.reported",
        number,
        order_no=number,
        contact="周工",
        description="到货后发现缺少说明书",
        category="other",
    )
    house.instance_id = delivered.instance_id

    assert house.waiting() == ["reply_first"]
    assert the_issue(house, order_id).source == "customer"


@pytest.mark.req("N5.2.4")
def test_asking_the_customer_stops_the_clock(house: House) -> None:
    order_id = called(house)
    replied(house)
    before = the_issue(house, order_id).due_at
    half.take(house, "fengtao", "analyse_issue", "ask", question="哪一批次?")
    assert house.waiting() == ["ask_customer"]
    house.pass_time(days=1)
    half.take(house, "luodan", "ask_customer", "answered", answer="B 批次")

    after = the_issue(house, order_id).due_at
    assert before is not None
    assert after is not None
    assert (after - before).days == 1
    analysed(house)
    assert house.item("fix_issue").due_at == after


@pytest.mark.req("S2.5.10")
def test_a_major_problem_needs_a_team_findings_that_add_up_and_a_plan(house: House) -> None:
    """SPEC X26."""
    called(house, safety=True)
    replied(house)
    analysed(house)
    assert house.waiting() == ["form_team"]
    with pytest.raises(Invalid):
        house.do("zhengjie", "form_team", "formed", members=["QC"], lead="zhengjie")
    house.do("zhengjie", "form_team", "formed", members=["QC", "LG"], lead="zhengjie")
    finding = {"findings": "经抽检确认显示屏排线接触不良,运输中脱落"}
    house.do("zhengjie", "find_causes", "submit", responsibility_pct="70", **finding)
    house.do("fengtao", "find_causes", "submit", responsibility_pct="20", **finding)
    plan = {
        "plan": "全部更换并改进包装",
        "resolution": "fix",
        "customer_message": "我们将全部更换并致歉",
    }
    with pytest.raises(Invalid) as refused:
        house.do("zhengjie", "plan_solution", "submit", **plan)

    assert "plan" in refused.value.fields


@pytest.mark.req("S2.5.10", "N5.2.3")
def test_a_major_problem_is_solved_and_the_customer_kept_informed(house: House) -> None:
    order_id = called(house, line_stop=True)
    replied(house)
    analysed(house)
    house.do("zhengjie", "form_team", "formed", members=["QC", "LG"], lead="zhengjie")
    finding = {"findings": "经抽检确认显示屏排线接触不良,运输中脱落"}
    house.do("zhengjie", "find_causes", "submit", responsibility_pct="80", **finding)
    house.do("fengtao", "find_causes", "submit", responsibility_pct="20", **finding)
    house.do(
        "zhengjie",
        "plan_solution",
        "submit",
        plan="全部更换并改进包装",
        resolution="fix",
        customer_message="我们将全部更换并致歉",
    )
    house.pass_time(days=3)
    assert house.waiting() == ["fix_issue", "tell_progress"]
    house.do(
        "luodan", "tell_progress", "sent", content="更换件已发出,预计周五到货", sent_way="phone"
    )
    fixed(house)
    house.do("luodan", "confirm_with_customer", "solved", rating=4)

    assert the_issue(house, order_id).severity == "major"
    assert the_issue(house, order_id).state == "closed"


@pytest.mark.req("S2.5.10")
def test_the_department_may_raise_a_problem_to_major(house: House) -> None:
    order_id = called(house)
    replied(house)
    analysed(house, outcome="major")

    assert house.waiting() == ["form_team"]
    assert the_issue(house, order_id).severity == "major"


@pytest.mark.req("N5.2.5")
def test_a_low_rating_opens_the_problem_again(house: House) -> None:
    order_id = called(house)
    replied(house)
    analysed(house)
    fixed(house)
    house.do("luodan", "confirm_with_customer", "solved", rating=2, text="太慢")

    assert house.waiting() == ["analyse_issue"]
    assert the_issue(house, order_id).state == "reopened"


@pytest.mark.req("N5.2.5")
def test_what_is_not_solved_for_the_third_time_becomes_a_complaint(house: House) -> None:
    order_id = called(house)
    replied(house)
    for _ in range(3):
        analysed(house)
        fixed(house)
        house.do("luodan", "confirm_with_customer", "not_solved", rating=1)

    assert the_issue(house, order_id).state == "closed"
    assert house.view().item.state == "completed"
    with house.platform.read() as session:
        names = session.scalars(select(MessageRow.name)).all()
    assert "complaint.received" in names


@pytest.mark.req("N5.2.5")
def test_a_customer_who_does_not_answer_closes_the_problem_unconfirmed(house: House) -> None:
    order_id = called(house)
    replied(house)
    analysed(house)
    fixed(house)
    house.pass_time(days=3, minutes=1)

    assert the_issue(house, order_id).state == "closed"
    assert house.view().item.state == "completed"


@pytest.mark.req("S2.5.11")
def test_a_compensation_that_is_not_approved_goes_back_to_the_department(house: House) -> None:
    called(house)
    replied(house)
    analysed(house, resolution="deduction")
    house.do(
        "luodan",
        "assess_compensation",
        "assess",
        claimed="500.00",
        approved="300.00",
        loss_proof="客户函件",
        responsibility="运输责任",
    )
    half.take(
        house,
        "luodan",
        "request_special",
        "submit",
        files=("attachments",),
        justification="运输颠簸造成两台损坏,客户要求赔偿三百元,请批准执行该赔偿方案,谢谢。",
    )
    house.do("zhouhang", "cosign_special", "agree", opinion="金额属实。")
    house.do("wangqiang", "decide_special", "reject", opinion="应由承运商赔偿")

    assert house.waiting() == ["analyse_issue"]
