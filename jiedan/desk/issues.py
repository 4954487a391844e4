"""Problems that customers report, from the first word to the solution (P11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.numbering import take_number
from jiedan.core.work import Work
from jiedan.desk.errors import InvalidRecord, WrongState
from jiedan.desk.issue_views import IssueFacts, issue_facts, list_issues, list_updates
from jiedan.desk.order_refs import find_order
from jiedan.desk.records import get_order, get_row
from jiedan.desk.tables import Issue, IssueUpdate, Order
from jiedan.desk.values import ZERO, Problems, Ref, add, clean, plain, touch

__all__ = [
    "CATEGORIES",
    "MOST_REOPENS",
    "SEVERITIES",
    "SOURCES",
    "IssueFacts",
    "add_update",
    "analyse_issue",
    "answer_received",
    "ask_customer",
    "close_issue",
    "confirm_issue",
    "fix_issue",
    "issue_facts",
    "list_issues",
    "list_updates",
    "log_issue",
    "reject_issue",
    "reply_first",
    "set_severity",
]

CATEGORIES = frozenset(
    {
        "quality",
        "qty",
        "spec",
        "performance",
        "logistics",
        "service",
        "install",
        "invoice",
        "attitude",
        "privacy",
        "other",
    }
)
SOURCES = frozenset({"acceptance", "customer", "portal", "phone", "email", "delivery", "internal"})
SEVERITIES = frozenset({"general", "complex", "major"})
MOST_REOPENS = 2
_MOVES = {
    "new": {"analysis", "rejected", "fixing"},
    "analysis": {"fixing", "waiting_customer", "rejected"},
    "fixing": {"resolved", "waiting_customer", "analysis"},
    "waiting_customer": {"analysis", "fixing"},
    "resolved": {"closed", "reopened"},
    "reopened": {"analysis", "fixing"},
    "closed": set(),
    "rejected": set(),
}


def log_issue(
    work: Work,
    *,
    contact: str,
    description: str,
    category: str,
    order_id: Ref | None = None,
    order_no: str | None = None,
    line: int | None = None,
    source: str = "customer",
    safety: bool = False,
    line_stop: bool = False,
    cause_known: bool = False,
    qty_affected: Any = None,
    found_at: Any = None,
    photos: Sequence[str] = (),
) -> IssueFacts:
    """Register a problem (T11.1) under a new WT number.

    ``affected_pct`` is the affected quantity against what was delivered of the line, or of the
    order, rounded up.
    """
    problems = Problems()
    who = problems.text("contact", contact, longest=120, needed=True)
    text = problems.text("description", description, longest=4000, shortest=10)
    problems.one_of("category", category, CATEGORIES)
    problems.one_of("source", source, SOURCES)
    moment = problems.moment("found_at", found_at) if found_at else work.now
    if moment and moment > work.now:
        problems.add("found_at", lazy("This lies in the future."))
    affected = (
        problems.qty("qty_affected", qty_affected) if qty_affected not in (None, "") else None
    )
    problems.raise_as(InvalidRecord)
    if order_id is None and order_no:
        order_id = find_order(work.session, number=order_no).order_id
    order = get_order(work.session, order_id) if order_id else None
    line_row = next((row for row in order.lines if row.seq == line), None) if order else None
    issue = add(
        work,
        Issue(
            number=take_number(work, kind="issue"),
            source=source,
            order_id=order.id if order else None,
            order_line_id=line_row.id if line_row else None,
            contact=who,
            description=text,
            category=category,
            safety=safety,
            line_stop=line_stop,
            cause_known=cause_known,
            affected_pct=_affected(order, line, affected),
            found_at=moment,
            photos=list(photos),
        ),
    )
    _audit(work, issue, "issue.log", {"number": issue.number, "category": category})
    return issue_facts(work.session, issue_id=issue.id)


def set_severity(
    work: Work,
    *,
    issue_id: Ref,
    severity: str,
    department: str | None = None,
    assignee: str | None = None,
    due_at: datetime | None = None,
) -> IssueFacts:
    """Keep how serious an issue is, who deals with it and until when."""
    issue = get_row(work.session, Issue, issue_id)
    problems = Problems()
    problems.one_of("severity", severity, SEVERITIES)
    problems.raise_as(InvalidRecord)
    issue.severity = severity
    issue.department = department or issue.department
    issue.assignee = assignee or issue.assignee
    issue.due_at = due_at or issue.due_at
    _audit(work, issue, "issue.classify", {"severity": severity, "department": department})
    return _saved(work, issue)


def reply_first(work: Work, *, issue_id: Ref, reply: str, way: str) -> IssueFacts:
    """Keep the first answer to the customer and when it was given (T11.2)."""
    issue = get_row(work.session, Issue, issue_id)
    text = _text("reply", reply, shortest=5)
    issue.first_reply_at = issue.first_reply_at or work.now
    _tell(work, issue, "first_reply", text, to_customer=True, way=way)
    return _saved(work, issue)


def analyse_issue(
    work: Work, *, issue_id: Ref, cause: str, plan: str, eta: Any = None, **flags: Any
) -> IssueFacts:
    """Keep cause and plan (T11.3, T11.6); ``flags`` such as ``needs_return`` stay with the plan."""
    issue = get_row(work.session, Issue, issue_id)
    problems = Problems()
    why = problems.text("cause", cause, longest=2000, needed=True)
    how = problems.text("plan", plan, longest=4000, needed=True)
    moment = problems.moment("eta", eta) if eta else None
    problems.raise_as(InvalidRecord)
    if issue.state in ("new", "reopened", "waiting_customer"):
        _move(work, issue, "analysis")
    issue.cause, issue.cause_known = why, True
    issue.plan = plain({"plan": how, "eta": moment, **flags})
    _move(work, issue, "fixing")
    _tell(work, issue, "plan", how or "")
    return _saved(work, issue)


def add_update(
    work: Work,
    *,
    issue_id: Ref,
    text: str,
    kind: str = "progress",
    to_customer: bool = False,
    way: str | None = None,
    **data: Any,
) -> str:
    """Add to the story of an issue: progress told to the customer, a department's finding."""
    issue = get_row(work.session, Issue, issue_id)
    content = _text("text", text, shortest=10)
    return _tell(work, issue, kind, content, to_customer=to_customer, way=way, **data)


def ask_customer(work: Work, *, issue_id: Ref, question: str) -> IssueFacts:
    """Ask the customer something; until the answer the clock of the issue stands (T11.8)."""
    issue = get_row(work.session, Issue, issue_id)
    text = _text("question", question, shortest=5)
    if issue.state in ("new", "reopened"):
        _move(work, issue, "analysis")
    _move(work, issue, "waiting_customer")
    issue.waiting_since = work.now
    _tell(work, issue, "question", text, to_customer=True)
    return _saved(work, issue)


def answer_received(work: Work, *, issue_id: Ref, answer: str | None) -> IssueFacts:
    """The customer answered, or his time is over: the issue goes on."""
    issue = get_row(work.session, Issue, issue_id)
    if issue.state != "waiting_customer" or issue.waiting_since is None:
        raise WrongState(state=issue.state)
    waited = work.now - issue.waiting_since
    issue.paused_seconds += int(waited.total_seconds())
    if issue.due_at is not None:
        issue.due_at += waited
    issue.waiting_since = None
    _move(work, issue, "analysis")
    _tell(work, issue, "answer", clean(answer) or "—")
    return _saved(work, issue)


def fix_issue(work: Work, *, issue_id: Ref, result: str, evidence: str) -> IssueFacts:
    """Keep how the problem was solved, with evidence (T11.9)."""
    issue = get_row(work.session, Issue, issue_id)
    text = _text("result", result, shortest=1)
    proof = _text("evidence", evidence, shortest=1)
    if issue.state in ("new", "reopened", "analysis"):
        _move(work, issue, "fixing")
    _move(work, issue, "resolved")
    issue.result, issue.resolved_at = text, work.now
    _tell(work, issue, "fix", text, evidence=proof)
    return _saved(work, issue)


def confirm_issue(
    work: Work, *, issue_id: Ref, result: str, rating: int | None = None, text: str | None = None
) -> IssueFacts:
    """The customer says solved or not_solved (T11.11); not solved opens the issue again.

    After two reopenings a third refusal raises WrongState: the matter is a complaint then.
    """
    issue = get_row(work.session, Issue, issue_id)
    problems = Problems()
    problems.one_of("result", result, frozenset({"solved", "not_solved"}))
    if rating is not None and rating not in range(1, 6):
        problems.add("rating", lazy("Enter 1 to 5."))
    if result == "solved" and rating is None:
        problems.add("rating", lazy("Please fill this in."))
    problems.raise_as(InvalidRecord)
    issue.rating = rating
    if result == "solved":
        _move(work, issue, "closed")
    elif issue.reopened >= MOST_REOPENS:
        raise WrongState(state="reopened_twice")
    else:
        _move(work, issue, "reopened")
        issue.reopened += 1
        issue.resolved_at = None
    _tell(work, issue, f"customer_{result}", clean(text) or "—")
    return _saved(work, issue)


def reject_issue(work: Work, *, issue_id: Ref, reason: str) -> IssueFacts:
    """Turn down what is no problem of ours, with the reason."""
    issue = get_row(work.session, Issue, issue_id)
    text = _text("reason", reason, shortest=5)
    _move(work, issue, "rejected")
    issue.reason = text
    _tell(work, issue, "rejected", text)
    return _saved(work, issue)


def close_issue(work: Work, *, issue_id: Ref, reason: str = "closed_unconfirmed") -> IssueFacts:
    """File a solved issue that the customer did not answer about."""
    issue = get_row(work.session, Issue, issue_id)
    _move(work, issue, "closed")
    issue.reason = reason
    return _saved(work, issue)


def _affected(order: Order | None, line: int | None, qty: Decimal | None) -> int:
    if order is None or qty is None:
        return 0
    delivered = sum(
        (row.qty_delivered for row in order.lines if line is None or row.seq == line), ZERO
    )
    if delivered == 0:
        return 0
    return min(int((qty * 100 / delivered).to_integral_value(ROUND_CEILING)), 100)


def _move(work: Work, issue: Issue, state: str) -> None:
    if state == issue.state:
        return
    if state not in _MOVES[issue.state]:
        raise WrongState(state=issue.state)
    before, issue.state = issue.state, state
    _audit(work, issue, "issue.state", {"before": before, "state": state})


def _tell(
    work: Work,
    issue: Issue,
    kind: str,
    text: str,
    *,
    to_customer: bool = False,
    **data: Any,
) -> str:
    row = IssueUpdate(
        issue_id=issue.id,
        kind=kind,
        text=text,
        data=plain(data),
        to_customer=to_customer,
        at=work.now,
        by=work.actor.login,
    )
    return str(add(work, row).id)


def _text(path: str, value: Any, *, shortest: int) -> str:
    problems = Problems()
    text = problems.text(path, value, longest=4000, shortest=shortest)
    problems.raise_as(InvalidRecord)
    return text or ""


def _audit(work: Work, issue: Issue, action: str, after: Mapping[str, Any]) -> None:
    audit.record(work, action=action, entity=f"issue:{issue.id}", after=dict(after))


def _saved(work: Work, issue: Issue) -> IssueFacts:
    touch(work, issue)
    work.session.flush()
    return issue_facts(work.session, issue_id=issue.id)
