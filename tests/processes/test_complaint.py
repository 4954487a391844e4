"""P13: a complaint is calmed, investigated, answered, negotiated, carried out and learned from."""

from __future__ import annotations

from typing import Any

import pytest

from jiedan.core.errors import Forbidden, Invalid
from jiedan.desk import complaints, issues
from jiedan.desk.complaints import ComplaintFacts
from jiedan.flow.inbox import list_tasks
from jiedan.flow.tasks import unclaim_task
from tests.processes import fulfilment as half
from tests.processes.house import House, people

WORDS: dict[str, Any] = {
    "anonymous": False,
    "complainant": "周工",
    "contact": "13800000001",
    "category": "service",
    "content": "工程师两次爽约，电话无人接听，影响我方投产。",
    "demand": "尽快完成安装并说明原因",
    "soothing_words": "已致歉，承诺三个工作日内答复。",
}
FOUND = {
    "facts": "调度系统显示两次派工均因车辆冲突取消，且未按规定通知客户，责任在我方调度环节。",
    "responsibility": "ours",
    "suggestion": "本周内完成安装并书面道歉",
}
LEARNED: dict[str, Any] = {
    "root_cause": "派工冲突没有提醒",
    "lessons": "改派必须先告知客户",
    "actions": [{"action": "派工系统增加冲突提醒", "owner": "dengchao", "due": "2026-04-01"}],
}
WHY = "客户因我方两次爽约停线半天，按合同精神给予适度补偿以维护合作关系。"


def logged(house: House, outcome: str = "investigate", **changes: Any) -> None:
    """The hotline writes it down."""
    house.start("luodan", "complaint")
    half.take(house, "luodan", "log_complaint", outcome, **{**WORDS, **changes})


def investigated(house: House, login: str = "xieming") -> None:
    house.do(login, "investigate_complaint", "submit", files=("evidence",), **FOUND)


def planned(house: House, **money: Any) -> None:
    half.take(house, "gaoyan", "plan_answer", "submit", plan="本周安装并书面道歉", **money)


def answered(house: House, outcome: str = "agreed") -> None:
    house.do("luodan", "negotiate", outcome, record="电话沟通一次")


def carried_out(house: House, login: str = "xieming") -> None:
    house.do(login, "carry_out", "done", files=("evidence",), done="已安装并寄出道歉函")


def summarised(house: House) -> None:
    house.do("gaoyan", "summarise_complaint", "close", files=("reply_proof",), **LEARNED)


def the_complaint(house: House) -> ComplaintFacts:
    with house.platform.read() as session:
        return complaints.complaint_facts(session, complaint_id=house.variables()["complaint_id"])


@pytest.mark.req("N5.3.1", "N5.3.2", "N5.3.3", "N5.3.4")
def test_a_complaint_goes_from_the_first_word_to_what_we_learn_of_it(house: House) -> None:
    order_id = half.accepted(house)
    logged(house, order_no=half.order(house, order_id).order_no)
    assert house.waiting() == ["investigate_complaint"]
    assert the_complaint(house).number.startswith("TS20260302-")
    investigated(house)
    planned(house)
    answered(house)
    carried_out(house)
    summarised(house)

    assert house.view().item.state == "completed"
    assert the_complaint(house).state == "closed"
    assert the_complaint(house).summary["actions"][0]["owner"] == "dengchao"
    assert house.incidents() == []


@pytest.mark.req("N5.3.3", "S2.5.11")
@pytest.mark.parametrize(
    ("outcome", "waits"), [("approve", "negotiate"), ("reject", "plan_answer")]
)
def test_money_is_offered_only_after_an_approval(house: House, outcome: str, waits: str) -> None:
    order_id = half.accepted(house)
    logged(house, order_no=half.order(house, order_id).order_no)
    investigated(house)
    planned(house, money="800.00", apology=True)
    house.do("gaoyan", "request_special", "submit", ("attachments",), justification=WHY)
    house.do("zhouhang", "cosign_special", "agree", opinion="金额属实。")
    house.do("wangqiang", "decide_special", outcome, opinion="已阅并作出决定。")

    assert house.waiting() == [waits]
    if outcome == "approve":
        answered(house)
        assert house.item("carry_out").owners == ("r:FO",)


@pytest.mark.req("N5.3.3")
def test_without_an_order_no_money_is_offered(house: House) -> None:
    logged(house)
    investigated(house)
    with pytest.raises(Invalid):
        planned(house, money="800.00")


@pytest.mark.req("N5.3.3")
def test_more_than_three_rounds_are_mediated(house: House) -> None:
    """SPEC X29."""
    logged(house)
    investigated(house)
    for outcome in ("rejected", "counter", "unreachable"):
        planned(house)
        answered(house, outcome)
        assert house.waiting() == ["plan_answer"]
    planned(house)
    answered(house, "rejected")
    assert house.waiting() == ["mediate_complaint"]
    house.do("zhuzhi", "mediate_complaint", "decided", decision="按方案执行并赠送一次巡检")
    carried_out(house)
    summarised(house)

    assert the_complaint(house).state == "mediated"


@pytest.mark.req("N5.3.1", "N5.3.3")
def test_an_anonymous_complaint_is_carried_out_without_negotiation(house: House) -> None:
    logged(house, anonymous=True, complainant=None, contact=None)
    assert (the_complaint(house).complainant, the_complaint(house).contact) == (None, None)
    investigated(house)
    planned(house)

    assert house.waiting() == ["carry_out"]


@pytest.mark.req("N5.2.1")
def test_a_plain_problem_goes_on_as_an_issue(house: House) -> None:
    order_id = half.accepted(house)
    logged(house, "to_issue", order_no=half.order(house, order_id).order_no)

    assert house.view().item.state == "completed"
    assert the_complaint(house).state == "transferred"
    with house.platform.read() as session:
        (issue,) = issues.list_issues(session, order_id=order_id)
    assert issue.description == WORDS["content"]


@pytest.mark.req("N5.3.2", "SOD-8")
def test_whoever_is_accused_neither_reads_nor_handles_it(house: House) -> None:
    """D13: audit investigates."""
    logged(house, category="attitude", accused="xieming")
    item = house.item("investigate_complaint")
    assert item.owners == ("r:AU",)
    accused = type(people()["xieming"])("xieming", "谢明", frozenset({"AU"}))
    found = {one.task_id for one in list_tasks(house.flow, actor=accused).items}
    assert item.task_id in found
    with pytest.raises(Forbidden) as refused:
        house.claim(accused, item)
    assert refused.value.code == "SOD_8"
    with pytest.raises(Forbidden):
        unclaim_task(house.flow, actor=accused, task_id=item.task_id)
    investigated(house, "hezheng")

    assert house.waiting() == ["plan_answer"]


@pytest.mark.req("N5.3.1")
def test_a_complaint_that_comes_by_message_is_logged_by_a_person(house: House) -> None:
    told = house.message(
        "complaint.received", "web", content="送货员态度恶劣，要求道歉。", complainant="李女士"
    )
    house.instance_id = told.instance_id
    values = house.open("luodan", "log_complaint").values

    assert (values["complainant"], values["content"]) == ("李女士", "送货员态度恶劣，要求道歉。")


@pytest.mark.req("N5.3.4")
def test_a_complaint_that_takes_too_long_goes_up(house: House) -> None:
    logged(house)
    house.pass_time(days=15)

    told = [row for row in house.view().history if row.element_id == "escalate_complaint"]
    assert len(told) == 1
    assert house.waiting() == ["investigate_complaint"]
