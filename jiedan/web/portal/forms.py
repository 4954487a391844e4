"""What a customer can fill in: the reports by purpose, their fields, what is wrong in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jiedan.core.errors import Invalid
from jiedan.core.i18n import LazyText, lazy
from jiedan.core.text import clean_line, number_text
from jiedan.desk.portal import Purpose
from jiedan.desk.portal_facts import LinkFacts
from jiedan.desk.values import Problems

_KEY = re.compile(r"[0-9a-f]{32}")
SHORTEST, LONGEST = 10, 2000
CATEGORIES: Mapping[str, LazyText] = {
    "quality": lazy("Quality"),
    "qty": lazy("Too little or too much"),
    "spec": lazy("Not what was ordered"),
    "performance": lazy("Does not work as it should"),
    "logistics": lazy("Transport"),
    "install": lazy("Installation"),
    "service": lazy("Service"),
    "invoice": lazy("Invoice"),
    "attitude": lazy("How I was treated"),
    "privacy": lazy("My personal data"),
    "other": lazy("Something else"),
}
REASONS: Mapping[str, LazyText] = {
    "quality": lazy("Quality"),
    "wrong_item": lazy("Not what was ordered"),
    "damage": lazy("Damaged on the way"),
    "late": lazy("Came too late"),
    "no_reason_7d": lazy("I changed my mind (within seven days)"),
    "other": lazy("Something else"),
}
WANTS: Mapping[str, LazyText] = {
    "refund": lazy("My money back"),
    "exchange": lazy("Other goods instead"),
    "repair": lazy("A repair"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with offered answers."""

    name: str
    label: LazyText
    options: Mapping[str, LazyText]


@dataclass(frozen=True, slots=True)
class Report:
    """A form of the customer and the message that it becomes."""

    message: str
    title: LazyText
    about: LazyText
    choices: tuple[Choice, ...]
    payload: Callable[[LinkFacts, Mapping[str, str]], dict[str, Any]]
    asks_safety: bool = False


def _issue(link: LinkFacts, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "order_no": link.order_no,
        "contact": _contact(said),
        "description": said["description"],
        "category": said["category"],
        "safety": said["safety"] == "yes",
        "source": "portal",
    }


def _return(link: LinkFacts, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "order_no": link.order_no,
        "reason": said["reason"],
        "want": said["want"],
        "requested": f"{said['description']}\n{_contact(said)}",
    }


def _complaint(link: LinkFacts, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "order_no": link.order_no,
        "content": said["description"],
        "complainant": said["name"],
        "contact": said["phone"],
        "category": said["category"],
    }


def _contact(said: Mapping[str, str]) -> str:
    return f"{said['name']} {said['phone']}"


_CATEGORY = Choice("category", lazy("What is it about?"), CATEGORIES)
REPORTS: Mapping[str, Report] = {
    Purpose.ISSUE: Report(
        "issue.reported",
        lazy("Report a problem"),
        lazy("Tell us what is wrong. We answer as soon as we can."),
        (_CATEGORY,),
        _issue,
        asks_safety=True,
    ),
    Purpose.RETURN: Report(
        "return.requested",
        lazy("Ask for a return"),
        lazy("Tell us what you want to send back, and why. Please wait for our answer first."),
        (Choice("reason", lazy("Why?"), REASONS), Choice("want", lazy("What do you want?"), WANTS)),
        _return,
    ),
    Purpose.COMPLAINT: Report(
        "complaint.received",
        lazy("Make a complaint"),
        lazy("Somebody who has nothing to do with the matter will look into it."),
        (_CATEGORY,),
        _complaint,
    ),
}


def read_report(report: Report, given: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, cleaned. Raises Invalid with the fields that need attention."""
    problems = Problems()
    said = {"safety": "yes" if given.get("safety") == "yes" else "no"}
    for choice in report.choices:
        picked = given.get(choice.name)
        said[choice.name] = problems.one_of(choice.name, picked, frozenset(choice.options))
    said["description"] = read_text(problems, given, "description")
    name = problems.text("name", clean_line(given.get("name", "")), longest=60, needed=True)
    said["name"] = name or ""
    phone = number_text(given.get("phone", ""))
    if not re.fullmatch(r"\+?[0-9()-]{5,30}", phone):
        problems.add("phone", lazy("Enter a phone number under which we reach you."))
    said["phone"] = phone
    problems.raise_as(Invalid)
    return said


def read_text(problems: Problems, given: Mapping[str, str], name: str) -> str:
    """A customer's own words."""
    found = problems.text(name, given.get(name), longest=LONGEST, shortest=SHORTEST)
    return found or ""


def read_name(given: Mapping[str, str]) -> str:
    """Who signs. Raises Invalid."""
    problems = Problems()
    name = problems.text("signer", clean_line(given.get("signer", "")), longest=60, needed=True)
    problems.raise_as(Invalid)
    return name or ""


def form_key(given: Mapping[str, str]) -> str:
    """The key under which one sending of a form counts once. Raises Invalid."""
    key = given.get("_key", "")
    if not _KEY.fullmatch(key):
        raise Invalid({"description": lazy("Please open the link again.")})
    return key
