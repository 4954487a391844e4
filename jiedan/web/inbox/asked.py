"""What the address of a list asks for: words, filters, order. The address is all there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from flask import request, session

from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.i18n import lazy
from jiedan.flow.inbox import Sorted, TaskFilters, read_order
from jiedan.web.addresses import is_ours
from jiedan.web.house import now

PLACES = {
    "todo": lazy("To do"),
    "done": lazy("Done"),
    "started": lazy("Started by me"),
    "copies": lazy("Copied to me"),
    "drafts": lazy("Drafts"),
    "team": lazy("My team"),
}
DUES = {
    "late": lazy("Late"),
    "today": lazy("Due today"),
    "week": lazy("Due within 7 days"),
    "later": lazy("Due later"),
}
PRIORITIES = {"71": lazy("Urgent"), "51": lazy("Raised or urgent")}
SORTS = {
    "due": lazy("Deadline"),
    "created": lazy("Newest"),
    "priority": lazy("Priority"),
    "step": lazy("Step"),
    "customer": lazy("Customer"),
    "amount": lazy("Amount"),
}
FILTERS = (
    *("q", "process", "step", "customer", "min", "max"),
    *("due", "priority", "group", "mine", "overdue"),
)
KEPT = (*FILTERS, "sort", "sort2", "sort3", "size")
"""Parts of the address that a saved view holds."""
SIZES = ("20", "50", "100", "200")
DEAREST = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """The address of a list, read."""

    query: str
    filters: TaskFilters
    order: tuple[Sorted, ...]
    after: str | None
    size: int = 20
    is_filtered: bool = False
    wrong: tuple[str, ...] = ()
    """Names of parts that nobody can read, left out."""

    @property
    def sort(self) -> str:
        return ",".join(map(str, self.order))


def read_address(args: Mapping[str, str] | None = None) -> Asked:
    """What this request, or the address given, asks for; what cannot be read is named."""
    args = request.args if args is None else args
    wrong: list[str] = []
    due = _said(args, "due")
    at = now()
    midnight = shanghai(at).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=SHANGHAI)
    tomorrow, week = midnight + timedelta(days=1), midnight + timedelta(days=8)
    priority = _said(args, "priority")
    filters = TaskFilters(
        process_id=_said(args, "process") or None,
        element_id=_said(args, "step") or None,
        overdue=_said(args, "overdue") == "1" or due == "late",
        min_priority=int(priority) if priority in PRIORITIES else None,
        mine_only=_said(args, "mine") == "1",
        customer=_said(args, "customer"),
        min_amount=_fen(args, "min", wrong),
        max_amount=_fen(args, "max", wrong),
        due_before={"today": tomorrow, "week": week}.get(due),
        due_from={"later": week}.get(due),
        group=_said(args, "group") or None,
    )
    keys = [_said(args, name) for name in ("sort", "sort2", "sort3")]
    return Asked(
        query=_said(args, "q"),
        filters=filters,
        order=read_order(",".join(key for key in keys if key)),
        after=args.get("after"),
        is_filtered=any(_said(args, name) for name in FILTERS),
        size=int(_said(args, "size")) if _said(args, "size") in SIZES else 20,
        wrong=tuple(wrong),
    )


def kept_parts(source: Mapping[str, str]) -> dict[str, str]:
    """The parts of an address that make a view."""
    return {name: source[name] for name in KEPT if source.get(name)}


def remember_place() -> None:
    """Where to come back to when a task is done."""
    session["list"] = request.full_path.rstrip("?") if request.query_string else request.path


def last_place() -> str | None:
    """The list that was looked at last."""
    found = session.get("list")
    return found if isinstance(found, str) and is_ours(found) else None


def _said(args: Mapping[str, str], name: str) -> str:
    return args.get(name, "")[:200].strip()


def _fen(args: Mapping[str, str], name: str, wrong: list[str]) -> int | None:
    text = _said(args, name).replace(",", "").replace("，", "")
    if not text:
        return None
    try:
        yuan = Decimal(text)
        if not yuan.is_finite() or abs(yuan) > DEAREST:
            raise InvalidOperation
    except InvalidOperation:
        wrong.append(name)
        return None
    return int(yuan * 100)
