"""Owns the report that a made-to-order line is finished (T07.3)."""

from decimal import Decimal
from typing import Any

from handlers.beside import line_name, order_facts, order_of
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.clock import SHANGHAI
from jiedan.core.i18n import lazy
from jiedan.desk import checklists, line_work


@handler("production.load")
def load(context: Context, order_id: str, line: int) -> dict[str, Any]:
    """The line, and how much of it is still to make."""
    row = line_work.line_of(order_of(context, order_id), line)
    still = row.qty - row.qty_cancelled - row.qty_produced
    return {
        "values": {
            "sku": row.sku,
            "name": line_name(row),
            "qty_open": f"{still.normalize():f}",
            "qty_done": f"{still.normalize():f}",
            "finished_on": context.now.astimezone(SHANGHAI).date().isoformat(),
        },
        "facts": order_facts(context, order_id),
    }


@handler("production.save")
def save(context: Context, answer: dict[str, Any], order_id: str, line: int) -> dict[str, Any]:
    """Count the quantity as made; whoever inspected it did not make it (SOD-6)."""
    if answer["inspector"] == context.actor.login:
        raise InvalidAnswer({"inspector": lazy("Whoever made the goods does not inspect them.")})
    line_work.finish_production(
        context.work, order_id=order_id, seq=line, qty=Decimal(str(answer["qty_done"]))
    )
    checklists.record_checklist(
        context.work,
        order_id=order_id,
        kind=f"production:{line}",
        items=[{"code": "FINAL_INSPECTION", "result": "pass"}],
        values={
            name: answer.get(name)
            for name in ("qty_done", "finished_on", "inspection", "qc_report", "inspector", "batch")
        },
    )
    return {}
