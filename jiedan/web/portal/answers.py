"""Takes in what a customer said: evidence, answer and message in one transaction, once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from jiedan.core.actor import Actor
from jiedan.core.again import again_if_undone
from jiedan.core.clock import shanghai
from jiedan.core.files import StoredFile, attach_file
from jiedan.core.text import clean_line
from jiedan.desk.portal import answer_link
from jiedan.desk.portal_facts import LinkFacts
from jiedan.flow.idempotency import first_or_again
from jiedan.flow.messages import publish
from jiedan.flow.platform import Flow
from jiedan.flow.signatures import MOST_BYTES, NOTE, SignatureUnreadable, has_ink
from jiedan.web.house import flow, now, platform
from jiedan.web.portal.door import customer

EVIDENCE = "evidence"
"""The note of attachments that prove what a customer said."""
_DRAWN = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]{60,300000})")
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def drawn_signature(given: Mapping[str, str]) -> bytes | None:
    """The picture that came with the form, if any. Raises SignatureUnreadable."""
    text = given.get("_signature", "")
    if not text:
        return None
    found = _DRAWN.fullmatch(text)
    try:
        picture = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error as error:
        raise SignatureUnreadable from error
    if len(picture) > MOST_BYTES or not has_ink(picture):
        raise SignatureUnreadable
    return picture


def confirm_delivery(link: LinkFacts, *, signer: str, statement: str, drawn: bytes | None) -> bool:
    """The customer has the goods; False when he had said so before."""
    evidence = _keep_evidence(link, "confirmed", signer, statement, drawn)
    return _hand_in(
        flow(),
        actor=customer(),
        link=link,
        kind="confirmed",
        message="customer.delivery.confirmed",
        correlation=_delivery_key(link),
        payload={
            "signer": signer,
            "proof": f"SHA-256 {evidence[0].sha256}",
            "confirm_mode": "online",
        },
        signer=signer,
        key="delivery",
        way="drawn" if drawn else "typed",
        evidence=evidence,
    )


def dispute_delivery(link: LinkFacts, *, signer: str, objection: str) -> bool:
    """Something is wrong with the delivery; False when it was answered before."""
    evidence = _keep_evidence(link, "disputed", signer, objection, None)
    return _hand_in(
        flow(),
        actor=customer(),
        link=link,
        kind="disputed",
        message="customer.delivery.disputed",
        correlation=_delivery_key(link),
        payload={"objection": objection},
        signer=signer,
        key="delivery",
        way="typed",
        evidence=evidence,
    )


def send_report(
    link: LinkFacts, *, message: str, payload: Mapping[str, Any], name: str, key: str
) -> bool:
    """A problem, a wish to return or a complaint; False when this form was sent before."""
    return _hand_in(
        flow(),
        actor=customer(),
        link=link,
        kind=link.purpose,
        message=message,
        correlation=link.order_no,
        payload=payload,
        signer=name,
        key=key,
    )


@again_if_undone
def _hand_in(
    flow: Flow,
    *,
    actor: Actor,
    link: LinkFacts,
    kind: str,
    message: str,
    correlation: str,
    payload: Mapping[str, Any],
    signer: str,
    key: str,
    way: str | None = None,
    evidence: Sequence[StoredFile] = (),
) -> bool:
    def once() -> bool:
        with flow.platform.work(actor=actor) as work:
            is_new = answer_link(
                work,
                link_id=link.link_id,
                kind=kind,
                signer=signer,
                key=key,
                way=way,
                evidence_sha256=evidence[0].sha256 if evidence else None,
            )
            if not is_new:
                return False
            for file in evidence:
                note = NOTE if file.mime == "image/png" else EVIDENCE
                attach_file(work, entity=f"portal:{link.link_id}", file=file, note=note)
            publish(
                work,
                flow,
                name=message,
                correlation_key=correlation,
                payload=payload,
                key=f"portal:{link.link_id}:{key}",
            )
            return True

    return first_or_again(once, key)


def _delivery_key(link: LinkFacts) -> str:
    """By which the process waits: the shipment, on a platform the order."""
    return link.order_no if link.channel == "netease" else link.shipment_no or ""


def _keep_evidence(
    link: LinkFacts, kind: str, signer: str, statement: str, drawn: bytes | None
) -> list[StoredFile]:
    """What was said, by whom, when and from where, as one archive; the picture also by itself."""
    facts = {
        "order": link.order_no,
        "shipment": link.shipment_no,
        "answer": kind,
        "statement": statement,
        "signer": signer,
        "signature": "drawn" if drawn else "typed",
        "signature_sha256": hashlib.sha256(drawn).hexdigest() if drawn else None,
        "at": shanghai(now()).isoformat(),
        "ip": request.remote_addr,
        "browser": clean_line(request.user_agent.string)[:300],
        "link": link.link_id,
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        # A fixed date, so that the hash depends on what was said only.
        text = json.dumps(facts, ensure_ascii=False, indent=2)
        opened.writestr(zipfile.ZipInfo("evidence.json", _EARLIEST), text)
        if drawn:
            opened.writestr(zipfile.ZipInfo("signature.png", _EARLIEST), drawn)
    archive.seek(0)
    files = platform().files
    kept = [files.put(archive, f"evidence-{link.shipment_no}.zip")]
    if drawn:
        kept.append(files.put(io.BytesIO(drawn), f"signature-{link.shipment_no}.png"))
    return kept
