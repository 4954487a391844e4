"""Owns files and licences that are sent instead of goods (T09.5)."""

from typing import Any
from uuid import UUID

from handlers.beside import fact
from handlers.preparation import needed_papers
from handlers.shipments import facts_of, shipment_facts
from jiedan import Context, InvalidAnswer, handler
from jiedan.core.files import StoredFile, find_attachment
from jiedan.core.i18n import gettext, lazy
from jiedan.desk import checklists, dispatch, edelivery

METHOD = "electronic"


@handler("edelivery.load")
def load(context: Context, shipment_id: str) -> dict[str, Any]:
    """One row for each product; what was sent before stands beside."""
    facts = facts_of(context, shipment_id)
    sent = edelivery.sent_files(context.work.session, shipment_id=shipment_id)
    return {
        "values": {
            "licences": [
                {"name": row["description"] or row["sku"], "key": None} for row in facts.lines
            ],
            "link_expiry_days": 30,
        },
        "facts": [
            *shipment_facts(context, shipment_id),
            *(fact(gettext("Sent"), f"{one['filename']} → {one['recipient']}") for one in sent),
        ],
    }


@handler("edelivery.save")
def save(context: Context, answer: dict[str, Any], shipment_id: str) -> dict[str, Any]:
    """Open each file as its reader would, link it, and count the shipment as dispatched."""
    files, licences = answer.get("files") or [], answer.get("licences") or []
    if not files and not licences:
        raise InvalidAnswer({"files": lazy("Add a file or a licence.")})
    facts = facts_of(context, shipment_id)
    for number in files:
        stored, filename = _checked(context, number)
        edelivery.make_link(
            context.work,
            shipment_id=shipment_id,
            file=stored,
            filename=filename,
            recipient=answer["recipient"],
            days=answer["link_expiry_days"],
        )
    checklists.record_checklist(
        context.work,
        order_id=facts.order_id,
        shipment_id=shipment_id,
        kind="edelivery",
        items=[{"code": "OPEN_TEST", "result": "pass"}],
        values={"licences": licences, "recipient": answer["recipient"]},
    )
    dispatch.tick_documents(
        context.work,
        shipment_id=shipment_id,
        documents=[
            {
                "kind": code,
                "ref": facts.shipment_no,
                "waiver": gettext("Sent electronically") if code == "invoice" else None,
                **dict.fromkeys(dispatch.TICKS, True),
            }
            for code in needed_papers(context, facts)
        ],
    )
    dispatch.choose_carrier(context.work, shipment_id=shipment_id, method=METHOD)
    dispatch.dispatch_shipment(context.work, shipment_id=shipment_id, eta=context.now)
    return {"waybill": facts.shipment_no}


def _checked(context: Context, number: str) -> tuple[StoredFile, str]:
    attached = find_attachment(context.work.session, UUID(number))
    with context.work.platform.files.open(attached.sha256) as stream:
        return (
            edelivery.check_file(context.work, stream=stream, filename=attached.filename),
            attached.filename,
        )
