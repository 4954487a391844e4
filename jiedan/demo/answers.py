"""What the demo's people fill in: for each user task an outcome, values and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from jiedan.core.clock import shanghai
from jiedan.flow.tasks import OpenedTask

Values = dict[str, Any]
CLAUSES = ("PARTIES", "SCOPE", "PRICE", "DELIVERY", "ACCEPTANCE", "LIABILITY", "DISPUTE")


@dataclass(slots=True)
class Story:
    """How one order of the demo goes."""

    customer: str
    """Customer id."""
    company: str
    seller: str
    lines: list[Values]
    delivery_date: str
    payment_method: str = "credit_term"
    term_days: int | None = 30
    entry: str = "order"
    rng: Random = field(default_factory=Random)
    turns: Mapping[str, str] = field(default_factory=dict)
    """Outcomes other than the usual one, by element id; each is taken once."""
    taken: set[str] = field(default_factory=set)
    stops_at: str | None = None
    """The element at which nobody goes on."""

    def turn(self, element_id: str, usual: str) -> str:
        """The outcome that this story takes here."""
        wanted = self.turns.get(element_id)
        if wanted is None or element_id in self.taken:
            return usual
        self.taken.add(element_id)
        return wanted


@dataclass(frozen=True, slots=True)
class Page:
    """What somebody has in front of them: the task, the story, and the time."""

    task: OpenedTask
    story: Story
    now: datetime

    @property
    def values(self) -> Mapping[str, Any]:
        return self.task.values

    def today(self, days: int = 0) -> str:
        return (shanghai(self.now).date() + timedelta(days=days)).isoformat()

    def moment(self, hours: float = 0) -> str:
        return (shanghai(self.now) + timedelta(hours=hours)).isoformat(timespec="minutes")

    def rows(self, name: str, **given: Any) -> list[Values]:
        """The rows that the form came with, filled in."""
        return [{**row, **given} for row in self.values.get(name) or ()]

    def talk(self, result: str) -> list[Values]:
        return [{"at": self.moment(-0.5), "way": "phone", "result": result}]


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer before it is handed in; `files` names fields that get a file."""

    outcome: str
    values: Values = field(default_factory=dict)
    files: tuple[str, ...] = ()


def answer(page: Page) -> Filled:
    """What the demo's person hands in here. Raises KeyError for a task nobody has learnt."""
    return ANSWERS[page.task.element_id](page)


def second_thought(page: Page) -> Filled | None:
    """What a person does where the usual answer was refused; None when there is nothing else."""
    make = SECOND_THOUGHTS.get(page.task.element_id)
    return make(page) if make else None


def _entry(page: Page) -> Values:
    story = page.story
    return {
        "lines": story.lines,
        "delivery_date": story.delivery_date,
        "partial_ok": story.rng.random() < 0.5,
        "province": "上海",
        "city": "上海市",
        "district": "嘉定区",
        "detail": f"工业路 {story.rng.randint(1, 300)} 号",
        "receiver": "周工",
        "receiver_phone": "13800000001",
        "payment_method": story.payment_method,
        "term_days": story.term_days,
        "invoice_title": story.company,
        "tax_no": "91310000MA1FL0000X",
        "invoice_type": "vat_special",
    }


def _log_inquiry(page: Page) -> Filled:
    story = page.story
    return Filled(
        story.turn("log_inquiry", "answered"),
        {
            "channel": story.rng.choice(["phone", "email", "chat", "visit"]),
            "received_at": page.moment(-0.2),
            "company_name": story.company,
            "contact_name": "周工",
            "phone": "13800000001",
            "address": "上海市嘉定区工业路 1 号",
            "question": story.rng.choice(
                [
                    "需要一批温控器,什么时候能到?",
                    "上次的型号还有货吗?价格有没有变化?",
                    "想了解账期和最快的交货时间。",
                ]
            ),
            "is_special": False,
            "answer": "有现货,确认后按约定日期交付。",
            "lost_reason": "no_budget",
        },
    )


def _accept_order(page: Page) -> Filled:
    return Filled(
        page.story.turn("accept_order", "accept"),
        {
            "customer": page.story.customer,
            "intent": "confirmed",
            "order_kind": "product",
            "owner": page.story.seller,
            "lost_reason": "price",
        },
    )


def _precheck(page: Page) -> Filled:
    return Filled("submit", {"items": page.rows("items", result="pass")})


def _review(page: Page) -> Filled:
    outcome = page.story.turn("review_order", "approve")
    items = page.rows("items", result="pass")
    if outcome == "approve":
        return Filled(outcome, {"items": items})
    items = [
        {**row, "result": "fail", "note": "与客户合同约定不一致"} if row["code"] == "DATE" else row
        for row in items
    ]
    return Filled(
        outcome,
        {
            "items": items,
            "opinion": "交货日期与合同约定不一致,请与客户核对。",
            "reason_codes": ["DATE"],
        },
    )


def _ask_for_special(page: Page) -> Filled:
    items = [
        {**row, "result": "fail", "note": "低于价格政策,需特批"} if row["code"] == "PRICE" else row
        for row in page.rows("items", result="pass")
    ]
    opinion = "条件超出政策,客户重要,建议走特批。"
    return Filled("special", {"items": items, "opinion": opinion, "reason_codes": ["PRICE"]})


def _rework(page: Page) -> Filled:
    return Filled(
        page.story.turn("rework_order", "resubmit"),
        {
            **_entry(page),
            "negotiation_log": "已与客户电话核对并修改。",
            "special_subject": "price",
            "justification": "该客户本季度追加采购意向明确,同行报价更低,申请按此价格成交。",
            "lost_reason": "price",
        },
    )


def _special_request(page: Page) -> Filled:
    text = "客户为重点培育对象,本单之后另有年度框架意向,申请按特批条件执行,风险可控并有回款安排。"
    return Filled("submit", {"justification": text}, ("attachments",))


def _allocate(page: Page) -> Filled:
    rows = page.rows("assignments", responsible="xieming")
    return Filled("allocate", {"assignments": rows})


def _carrier(page: Page) -> Filled:
    waybill = f"YD{page.story.rng.randint(10**9, 10**10 - 1)}"
    return Filled("dispatch", {"waybill": waybill})


def _documents(page: Page) -> Filled:
    rows = page.rows("documents", accurate=True, complete=True, clear=True)
    return Filled("complete", {"documents": rows})


def _acceptance(page: Page) -> Filled:
    rows = [
        {
            **row,
            "qty_accepted": str(row["qty_delivered"]),
            "qty_rejected": "0",
            "spec_ok": True,
            "quality_ok": True,
            "performance": "ok",
        }
        for row in page.values.get("lines") or ()
    ]
    if page.story.turn("record_acceptance", "good") == "bad" and rows:
        rejected = 1
        rows[0]["qty_accepted"] = str(int(float(rows[0]["qty_delivered"])) - rejected)
        rows[0] |= {"qty_rejected": str(rejected), "spec_ok": False, "note": "标签贴错"}
    return Filled("submit", {"lines": rows, "accepted_by": "周工", "sign": "验收单已签"})


def _invoice(page: Page) -> Filled:
    number = f"26{page.story.rng.randint(10**17, 10**18 - 1):018d}"
    return Filled("issued", {"type": "vat_special", "e_invoice_no": number})


def _payment(page: Page) -> Filled:
    due = int(page.values.get("remaining") or 0)
    return Filled(
        "match",
        {
            "payment_ref": f"BANK{page.story.rng.randint(10**8, 10**9 - 1)}",
            "amount": f"{due / 100:.2f}",
            "payer": page.story.company,
            "received_at": page.moment(-1),
            "method": "bank",
        },
    )


def _evaluation(page: Page) -> Filled:
    risks = [{"type": kind, "prob": 1, "impact": 2} for kind in ("credit", "market", "delivery")]
    return Filled(
        "submit",
        {
            "in_scope": "yes",
            "resource_ok": "yes",
            "tech_ok": "yes",
            "evidence": "标准产品,现货充足。",
            "risks": risks,
            "suggestion": "建议接单,按平台标准条款发货。",
        },
    )


def _platform_entry(page: Page) -> Filled:
    return Filled("submit", {"order_kind": page.values.get("order_kind") or "product"})


def _analyse(page: Page) -> Filled:
    return Filled(
        "general",
        {"cause": "打印模板用错", "plan": "重新打印并更换标签", "resolution": "fix"},
    )


def _fixed(outcome: str, files: tuple[str, ...] = (), **values: Any) -> Callable[[Page], Filled]:
    """An answer that is the same in every story."""
    return lambda page: Filled(page.story.turn(page.task.element_id, outcome), dict(values), files)


ANSWERS: dict[str, Callable[[Page], Filled]] = {
    "log_inquiry": _log_inquiry,
    "follow_up_need": _fixed(
        "continue", analysis="客户需求明确", solution="标准品", feasible="yes"
    ),
    "accept_order": _accept_order,
    "enter_order": lambda page: Filled("submit", _entry(page)),
    "supplement_order": lambda page: Filled(
        "completed", {"supplied": "客户已补齐。", "contact_log": page.talk("已补齐")}
    ),
    "precheck_order": _precheck,
    "review_order": _review,
    "rework_order": _rework,
    "arbitrate_order": _fixed("continue", note="请再与客户确认一次。"),
    "handle_credit_hold": _fixed("recheck", option="wait_payment", note="等待客户付清逾期款。"),
    "request_special": _special_request,
    "decide_special": _fixed("approve", opinion="同意,按方案执行。"),
    "cosign_special": _fixed("agree", opinion="同意该条件。"),
    "draft_contract": _fixed(
        "submit",
        acceptance_criteria="按图纸与国家标准逐项检验合格,随附检验报告与合格证。",
        delivery_terms="送货至客户工厂。",
    ),
    "review_contract": lambda page: Filled(
        "approve",
        {
            "clauses": [{"code": code, "result": "pass"} for code in CLAUSES],
            "vague": page.rows("vague", resolution="改为具体日期"),
            "opinion": "条款与订单一致。",
        },
    ),
    "customer_review": _fixed("accept", evidence="客户邮件确认"),
    "sign_contract": lambda page: Filled("signed", {"mode": "paper"}, ("evidence",)),
    "archive_contract": lambda page: Filled(
        "archived", {"paper_location": "档案室 A-12"}, ("scan",)
    ),
    "handle_deposit_overdue": lambda page: Filled(
        "extend", {"new_date": page.today(7), "note": "客户请求延期一周支付定金。"}
    ),
    "allocate_order": _allocate,
    "make_work_plan": _fixed("submit"),
    "review_plan": _fixed("approve"),
    "report_shortage": _fixed("report"),
    "decide_shortage": _fixed("decide", choice="purchase", note="向供应商加急补货。"),
    "record_arrival": lambda page: Filled(
        "arrived",
        {
            "lines": [
                {**row, "qty_received": str(row["short"])} for row in page.values.get("lines") or ()
            ],
            "reference": "入库单 001",
        },
    ),
    "pick_goods": _fixed("done"),
    "recover_lag": lambda page: Filled(
        "submit",
        {
            "cause_kind": "material",
            "new_eta": page.moment(48),
            "cause": "物料到货晚于计划",
            "measures": "周末加班并启用备用供应商。",
        },
    ),
    "schedule_production": lambda page: Filled(
        "release",
        {
            "plan_start": page.moment(),
            "plan_end": page.moment(72),
            "line": "一号线",
            "capacity_hours": "40",
            "material_ok": True,
        },
    ),
    "inspect_material": _fixed("pass"),
    "report_production": _fixed("done"),
    "inspect_production": _fixed(
        "pass", measurements=[{"param": "耐压", "value": "2.1 kV", "limit": "≥ 2 kV"}]
    ),
    "self_check": lambda page: Filled("pass", {"items": page.rows("items", result="pass")}),
    "prepare_goods": _fixed(
        "ready", packing_ok=True, label_ok=True, quality_ok=True, qc_report="QC-1"
    ),
    "prepare_transport": _fixed(
        "ready",
        vehicle_or_booking="沪A12345",
        vehicle_ready=True,
        packing_material_ok=True,
        labels_ready=True,
    ),
    "agree_appointment": _fixed("confirmed"),
    "collect_documents": _documents,
    "release_credit": _fixed("release", reason="客户已承诺本周付款。"),
    "choose_carrier": _carrier,
    "track_transport": lambda page: Filled("record", {"code": "in_transit", "at": page.moment()}),
    "record_receipt": _fixed("full", proof="签收单 001"),
    "chase_confirmation": lambda page: Filled(
        "confirmed",
        {"contact_log": page.talk("客户确认已收货"), "signer": "周工", "proof": "电话录音"},
    ),
    "record_acceptance": _acceptance,
    "remind_customer": lambda page: Filled(
        "reminded", {"contact_log": page.talk("客户本周内验收")}
    ),
    "settle_overdue": lambda page: Filled(
        "decide",
        {"choice": "extend", "new_deadline": page.today(7), "note": "客户停产检修,顺延一周。"},
    ),
    "issue_invoice": _invoice,
    "match_payment": _payment,
    "chase_payment": lambda page: Filled(
        "promise", {"way": "phone", "answer": "客户承诺下周付款。", "promise_date": page.today(7)}
    ),
    "accept_platform_order": _fixed("accept", viewed_all=True, dept_ok=True),
    "evaluate_order": _evaluation,
    "decide_evaluation": _fixed("accept"),
    "confirm_terms": _fixed("agree"),
    "enter_platform_order": _platform_entry,
    "reply_first": _fixed("replied", reply="已安排处理,请放心。", way="phone"),
    "analyse_issue": _analyse,
    "fix_issue": _fixed("fixed", result="已更换标签", evidence="照片 2 张"),
    "confirm_with_customer": _fixed("solved", rating=5),
    "tell_progress": _fixed("sent", content="正在处理,预计明日完成。", sent_way="phone"),
}
"""The usual answer to each user task."""

SECOND_THOUGHTS: dict[str, Callable[[Page], Filled]] = {
    "enter_platform_order": lambda page: Filled(
        "submit",
        {
            "order_kind": "product",
            "delivery_date": page.today(5),
            "diff_explained": "与买家确认,发货日顺延。",
        },
    ),
    "review_order": _ask_for_special,
    "agree_appointment": lambda page: Filled(
        "confirmed",
        {
            "window_from": page.moment(30),
            "window_to": page.moment(34),
            "waiver_reason": "客户要求尽快送货。",
        },
    ),
    "choose_carrier": lambda page: Filled(
        "dispatch",
        {"waybill": f"YD{page.story.rng.randint(10**9, 10**10 - 1)}", "eta": page.moment(48)},
    ),
}
