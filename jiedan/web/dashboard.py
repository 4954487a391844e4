"""The day in numbers, for those who lead."""

from __future__ import annotations

from flask import Blueprint, render_template

from jiedan.core.i18n import lazy
from jiedan.desk.dashboard import daily_intake, day_numbers
from jiedan.desk.states import OrderState
from jiedan.flow.incidents import list_incidents
from jiedan.web.house import flow, for_roles, now, person, platform
from jiedan.web.navigation import COMPANY, Entry
from jiedan.web.order_facts import may_read_money, state_name
from jiedan.web.orders import GROUP_NAMES, GROUPS

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")
LEADERS = ("GM", "SM", "SD", "BM", "FM", "LM", "AM", "PM", "AU")
READERS = frozenset({*LEADERS, "SR", "OR", "PO", "AD"})
NAVIGATION = (
    Entry("dashboard.show", lazy("Dashboard"), "dashboard", COMPANY, 25, roles=READERS, on_phone=4),
)
_CHART_HEIGHT = 120


@blueprint.get("")
@for_roles(*READERS)
def show() -> str:
    """Today's numbers; a sales person sees those of the own orders."""
    actor = person()
    is_sales = actor.has("SR") and not actor.has_any(*LEADERS)
    with platform().read() as session:
        numbers = day_numbers(session, now=now(), owner=actor.login if is_sales else None)
        days = daily_intake(session, now=now())
    groups = [
        (name, label, sum(numbers.by_state.get(state.value, 0) for state in GROUPS[name]))
        for name, label in GROUP_NAMES.items()
        if name != "over"
    ]
    sees_incidents = actor.has_any("AD", "PO")
    return render_template(
        "dashboard.html",
        numbers=numbers,
        days=days,
        peak=max([1, *(day["sales"] + day["netease"] for day in days)]),
        groups=groups,
        most=max([1, *(count for _, _, count in groups)]),
        state_name=state_name,
        states=OrderState,
        sees_money=may_read_money(actor),
        is_sales=is_sales,
        incidents=list_incidents(flow(), size=1).count.number if sees_incidents else None,
    )
