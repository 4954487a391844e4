"""Codes that only papers spell out."""

from __future__ import annotations

from collections.abc import Mapping

from jiedan.core.i18n import LocalText

WORDS: Mapping[str, Mapping[str, LocalText]] = {
    "contract": {
        "draft": LocalText("草稿，尚未生效", "Draft, not in force"),
        "legal": LocalText("法务审核中，尚未生效", "With legal, not in force"),
        "customer": LocalText("待客户确认，尚未生效", "With the customer, not in force"),
        "signed": LocalText("已签署", "Signed"),
        "archived": LocalText("已签署并归档", "Signed and filed"),
        "void": LocalText("已作废", "Void"),
    },
    "template": {
        "standard": LocalText("标准合同", "Standard contract"),
        "custom": LocalText("定制合同", "Contract of its own"),
        "service": LocalText("服务合同", "Service contract"),
        "framework": LocalText("框架合同", "Framework contract"),
        "addendum": LocalText("补充协议", "Addendum"),
    },
    "sign_mode": {
        "esign": LocalText("电子签", "electronic"),
        "paper": LocalText("纸质用印", "on paper"),
    },
    "inspection": {
        "IQC": LocalText("来料检验", "Incoming inspection"),
        "IPQC": LocalText("过程检验", "In-process inspection"),
        "FQC": LocalText("成品检验", "Final inspection"),
    },
    "result": {
        "pass": LocalText("合格", "Passed"),
        "fail": LocalText("不合格", "Failed"),
        "concession": LocalText("让步接收", "Accepted by concession"),
    },
    "level": {
        "critical": LocalText("致命", "Critical"),
        "major": LocalText("严重", "Major"),
        "minor": LocalText("轻微", "Minor"),
    },
    "invoice_type": {
        "vat_special": LocalText("增值税专用发票", "Special VAT invoice"),
        "vat_normal": LocalText("增值税普通发票", "Ordinary VAT invoice"),
        "none": LocalText("不开票", "No invoice"),
    },
    "reason": {
        "quality": LocalText("质量问题", "Quality"),
        "wrong_item": LocalText("发错货", "Wrong goods"),
        "damage": LocalText("破损", "Damaged"),
        "late": LocalText("交付过迟", "Too late"),
        "no_reason_7d": LocalText("七天无理由", "Within seven days, without a reason"),
        "other": LocalText("其他", "Other"),
    },
    "want": {
        "refund": LocalText("退款", "Money back"),
        "exchange": LocalText("换货", "Exchange"),
        "repair": LocalText("维修", "Repair"),
    },
    "condition": {
        "resalable": LocalText("可再销售", "Can be sold"),
        "damaged_by_customer": LocalText("客户损坏", "Damaged by the customer"),
        "defective": LocalText("有缺陷", "Defective"),
    },
    "method": {
        "express": LocalText("快递", "Express"),
        "freight": LocalText("物流专线", "Freight"),
        "onsite": LocalText("现场交付", "On site"),
        "electronic": LocalText("电子交付", "Electronic"),
        "pickup": LocalText("客户自提", "Pick-up"),
    },
    "freight_by": {
        "company": LocalText("我方", "us"),
        "buyer": LocalText("客户", "the customer"),
        "customer": LocalText("客户", "the customer"),
    },
}


def paper_word(kind: str, code: str | None) -> str:
    """What a code is called on paper; an unknown one with spaces for underscores."""
    if not code:
        return ""
    found = WORDS[kind].get(code)
    return str(found) if found else code.replace("_", " ")
