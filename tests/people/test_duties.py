"""Separation of duties: who did one thing may not do the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.platform import Platform
from jiedan.core.settings import SOURCE_ROOT
from jiedan.people.duties import Duties, load_duties
from jiedan.people.errors import DutiesInvalid, DutyConflict

DUTIES = load_duties(SOURCE_ROOT / "config" / "duties.toml")


@dataclass(frozen=True)
class Done:
    element_id: str
    login: str
    on_behalf_of: str | None = None


@dataclass(frozen=True)
class Task:
    element_id: str
    completed: list[Done] = field(default_factory=list)


def refused(duties: Duties, first: str, second: str) -> str:
    """The code with which who did `first` is kept from `second`; empty when it is allowed."""
    try:
        duties.check_facts(action="claim", element_id=second, actor_login="a", facts={first: {"a"}})
    except DutyConflict as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        pytest.param("enter_order", "review_order", "SOD_1", marks=pytest.mark.req("SOD-1")),
        pytest.param("accept_order", "precheck_order", "SOD_1", marks=pytest.mark.req("SOD-1")),
        pytest.param("request_special", "decide_special", "SOD_2", marks=pytest.mark.req("SOD-2")),
        pytest.param("review_order", "decide_special", "SOD_2", marks=pytest.mark.req("SOD-2")),
        pytest.param("enter_order", "cosign_special", "SOD_2", marks=pytest.mark.req("SOD-2")),
        pytest.param(
            "evaluate_order", "decide_evaluation", "SOD_3", marks=pytest.mark.req("SOD-3")
        ),
        pytest.param("collect_credit", "score_credit", "SOD_4", marks=pytest.mark.req("SOD-4")),
        pytest.param("score_credit", "check_credit_score", "SOD_4", marks=pytest.mark.req("SOD-4")),
        pytest.param("calculate_refund", "pay_refund", "SOD_5", marks=pytest.mark.req("SOD-5")),
        pytest.param(
            "propose_write_off", "decide_write_off", "SOD_5", marks=pytest.mark.req("SOD-5")
        ),
        pytest.param(
            "report_production", "inspect_production", "SOD_6", marks=pytest.mark.req("SOD-6")
        ),
        pytest.param(
            "rectify_finding", "verify_rectification", "SOD_9", marks=pytest.mark.req("SOD-9")
        ),
        pytest.param("request_access", "decide_access", "SOD_10", marks=pytest.mark.req("SOD-10")),
        pytest.param(
            "score_assessment", "review_appeal", "SOD_11", marks=pytest.mark.req("SOD-11")
        ),
        pytest.param(
            "request_deployment", "approve_deployment", "SOD_12", marks=pytest.mark.req("SOD-12")
        ),
        pytest.param(
            "write_price_policy", "approve_price_policy", "SOD_13", marks=pytest.mark.req("SOD-13")
        ),
        pytest.param("precheck_order", "decide_special", "SOD_16", marks=pytest.mark.req("SOD-16")),
        ("accept_order", "enter_order", ""),
        ("review_order", "cosign_special", ""),
        ("enter_order", "pick_goods", ""),
        ("decide_special", "decide_special", ""),
    ],
)
def test_the_rules_of_our_company(first: str, second: str, code: str) -> None:
    assert refused(DUTIES, first, second) == code


@pytest.mark.req("SOD-16")
def test_a_rule_holds_in_both_directions() -> None:
    assert refused(DUTIES, "review_order", "rework_order") == "SOD_16"
    assert refused(DUTIES, "rework_order", "review_order") == "SOD_16"


def test_somebody_else_may() -> None:
    DUTIES.check_facts(
        action="claim",
        element_id="review_order",
        actor_login="qianmin",
        facts={"enter_order": {"sunyue"}, "precheck_order": {"chenjing"}},
    )


def test_the_refusal_names_the_rule_in_both_languages() -> None:
    with pytest.raises(DutyConflict) as caught:
        DUTIES.check_facts(
            action="complete",
            element_id="review_order",
            actor_login="sunyue",
            facts={"enter_order": {"sunyue"}},
        )

    assert caught.value.message("zh") == "SOD-1：录入或受理订单的人不能初审或审核同一订单。"
    assert caught.value.message("en") == (
        "SOD-1: Who entered or accepted an order may not check or review it."
    )


@pytest.mark.req("SOD-15")
@pytest.mark.parametrize(
    ("actor", "on_behalf_of"), [("sunyue", None), ("sunyue", "qianmin"), ("qianmin", "sunyue")]
)
def test_a_substitute_keeps_their_own_exclusions_and_inherits_the_others(
    platform: Platform, actor: str, on_behalf_of: str | None
) -> None:
    task = Task("review_order", [Done("enter_order", "sunyue")])
    person = Actor(actor, actor, on_behalf_of=on_behalf_of)

    with platform.work(actor=SYSTEM) as work, pytest.raises(DutyConflict):
        DUTIES.check(work, action="claim", task=task, actor=person)


@pytest.mark.req("SOD-15")
@pytest.mark.parametrize("login", ["sunyue", "linxiao"])
def test_what_a_substitute_did_excludes_both(platform: Platform, login: str) -> None:
    task = Task("review_order", [Done("enter_order", "linxiao", on_behalf_of="sunyue")])

    with platform.work(actor=SYSTEM) as work, pytest.raises(DutyConflict):
        DUTIES.check(work, action="complete", task=task, actor=Actor(login, login))


def test_a_list_of_people_to_choose_from_leaves_out_who_may_not() -> None:
    facts = {"enter_order": {"sunyue"}}

    may = [
        p
        for p in ("sunyue", "qianmin")
        if DUTIES.may(element_id="review_order", login=p, facts=facts)
    ]

    assert may == ["qianmin"]
    assert "enter_order" in DUTIES.elements_against("review_order")
    assert not DUTIES.concerns("pick_goods")


def test_a_one_way_rule_looks_back_only(tmp_path: Path) -> None:
    path = tmp_path / "duties.toml"
    path.write_text(
        '[[rule]]\nid = "SOD-99"\nzh = "x"\nen = "x"\none_way = true\nsides = [["a"], ["b"]]\n'
    )
    duties = load_duties(path)

    assert refused(duties, "a", "b") == "SOD_99"
    assert refused(duties, "b", "a") == ""


@pytest.mark.parametrize(
    "text",
    [
        '[[rule]]\nid = "A"\nzh = "x"\nen = "x"\nsides = [["a"]]\n',
        '[[rule]]\nid = "A"\nzh = "x"\nen = "x"\nsides = [["a"], []]\n',
        '[[rule]]\nid = "A"\nzh = "x"\nen = "x"\nsides = [["a"], ["a"]]\n',
        '[[rule]]\nid = "A"\nzh = "x"\nsides = [["a"], ["b"]]\n',
        '[[rule]]\nid = "A"\nzh = "x"\nen = "x"\nside = [["a"], ["b"]]\n',
        "[[rules]]\n",
        "[[",
    ],
)
def test_a_file_of_duties_with_a_mistake_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "duties.toml"
    path.write_text(text)

    with pytest.raises(DutiesInvalid):
        load_duties(path)


def test_what_the_diagrams_say_of_duties_is_what_the_rules_say() -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    said: list[tuple[str, str]] = []
    for path in sorted((SOURCE_ROOT / "processes").glob("*.bpmn")):
        for task in etree.parse(path, parser).iter("{*}userTask"):
            for prop in task.iter("{*}property"):
                if prop.get("name") == "jiedan:sod":
                    rules = (prop.get("value") or "").replace(",", " ").split()
                    said += [(task.get("id") or "", rule) for rule in rules]

    known = {(element, rule.id) for rule in DUTIES.rules for side in rule.sides for element in side}
    assert said
    assert [pair for pair in said if pair not in known] == []
