"""Owns the functions that diagrams use for due dates and timers."""

from datetime import datetime
from decimal import Decimal

from jiedan import Context, function


@function("deadline")
def deadline(
    context: Context, task: str, channel: str | None = None, grade: str | None = None
) -> datetime:
    """When a task that opens now is due: decision D20 over its code, channel and class (S2.6).

    The table names a parameter of the company or an amount of its own; `factor` shortens either.
    """
    limit = context.decide("sla", task=task, channel=channel, grade=grade).value
    if limit["parameter"]:
        amount, unit = context.work.platform.parameters.limit(limit["parameter"])
    else:
        amount, unit = Decimal(str(limit["amount"])), limit["unit"]
    factor = Decimal(str(limit["factor"]))
    return context.work.platform.calendar.deadline(context.now, amount * factor, unit)


@function("until")
def until(context: Context, parameter: str) -> datetime:
    """When the limit that the parameter names ends, counted from now: `until("deposit.expire")`."""
    amount, unit = context.work.platform.parameters.limit(parameter)
    return context.work.platform.calendar.deadline(context.now, amount, unit)
