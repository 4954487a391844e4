"""Orders that a platform pushes: kept as sent, once, and turned into ours (SPEC N2.1.3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jiedan.core import audit
from jiedan.core.i18n import lazy
from jiedan.core.work import Work
from jiedan.desk.errors import BadPayload, ConflictingPayload
from jiedan.desk.platform_payload import Payload, read_payload
from jiedan.desk.platforms import PlatformSetup, find_platform, verify
from jiedan.desk.records import get_row
from jiedan.desk.tables import PlatformOrder, PlatformReply, PlatformSku
from jiedan.desk.values import Ref, Result, add, as_id, clean, plain

REPLY_KINDS = frozenset({"accept", "decline", "ship", "deliver", "refund", "cancel_ack"})


@dataclass(frozen=True, slots=True)
class Received(Result):
    """A push was taken in; ``duplicate`` when we have it already."""

    platform_order_id: str
    platform_order_no: str
    duplicate: bool
    order_id: str | None
    state: str


@dataclass(frozen=True, slots=True)
class PlatformOrderFacts(Result):
    """A platform's order as we keep it."""

    platform_order_id: str
    platform: str
    platform_order_no: str
    state: str
    status: str
    paid: bool
    total_fen: int
    received_at: datetime
    viewed_at: datetime | None
    accepted_at: datetime | None
    pushes: int
    conflicts: int
    unmapped: list[str]
    order_id: str | None
    buyer_kind: str


def receive_push(
    work: Work, *, platform: str, timestamp: str | None, signature: str | None, body: bytes
) -> Received:
    """Verify a push and keep it, byte for byte; quick, nothing else is done here.

    The same order with the same content is a duplicate that changes nothing. With other content
    it raises ConflictingPayload (409) once ``note_conflict`` had its say: the caller keeps the
    conflict in a work of its own, because this one is undone.
    """
    setup = verify(work, platform=platform, timestamp=timestamp, signature=signature, body=body)
    content = _parse(body)
    payload = read_payload(setup, content)
    digest = content_hash(setup, content)
    known = _known(work.session, platform, payload.number)
    if known is not None:
        if known.content_hash != digest:
            raise ConflictingPayload(number=payload.number, order_id=plain(known.order_id))
        known.pushes += 1
        work.session.flush()
        return _received(known, duplicate=True)
    row = add(
        work,
        PlatformOrder(
            platform=platform,
            platform_order_no=payload.number,
            raw=body.decode("utf-8"),
            content_hash=digest,
            payload=content,
            received_at=work.now,
        ),
    )
    audit.record(
        work,
        action="platform.push",
        entity=f"platform_order:{row.id}",
        after={"platform": platform, "number": payload.number, "hash": digest},
    )
    return _received(row, duplicate=False)


def note_conflict(work: Work, *, platform: str, body: bytes) -> PlatformOrderFacts | None:
    """Remember that a platform sent an order again with other content, so that people look.

    Only for a push whose signature was verified. None when there is nothing new to tell: the
    order is not known, or this content was noted before.
    """
    setup = find_platform(work, platform)
    content = _parse(body)
    row = _known(work.session, platform, read_payload(setup, content).number)
    if row is None:
        return None
    digest = content_hash(setup, content)
    if digest in [conflict["hash"] for conflict in row.conflicts]:
        return None
    row.conflicts = [*row.conflicts, {"at": work.now.isoformat(), "hash": digest}]
    audit.record(
        work,
        action="platform.conflict",
        entity=f"platform_order:{row.id}",
        after={"number": row.platform_order_no, "hash": digest},
    )
    work.session.flush()
    return platform_order_facts(work, platform_order_id=row.id)


def mark_viewed(work: Work, *, platform_order_id: Ref) -> None:
    """Note who accepted a pushed order and when it was looked at (SPEC N2.1.4)."""
    row = get_row(work.session, PlatformOrder, platform_order_id)
    row.viewed_at = row.viewed_at or work.now
    if row.accepted_at is None:
        row.accepted_at, row.accepted_by = work.now, work.actor.login
    row.state = "accepted" if row.state == "received" else row.state
    work.session.flush()
    audit.record(work, action="platform.accept", entity=f"platform_order:{row.id}")


def set_platform_state(
    work: Work, *, platform_order_id: Ref, state: str, reason: str | None = None
) -> None:
    """Note what became of a platform's order: declined, cancelled, settled, refunded."""
    row = get_row(work.session, PlatformOrder, platform_order_id)
    row.state = state
    if state == "settled":
        row.settled_at = work.now
    work.session.flush()
    audit.record(
        work,
        action="platform.state",
        entity=f"platform_order:{row.id}",
        after={"state": state, "reason": reason},
    )


def queue_reply(
    work: Work, *, platform_order_id: Ref, kind: str, key: str | None = None, **body: Any
) -> str:
    """Put an answer to a platform into the outbox, once per key; returns its id.

    A decline needs words, and none of the forbidden ones.
    """
    row = get_row(work.session, PlatformOrder, platform_order_id)
    if kind not in REPLY_KINDS:
        raise BadPayload({"kind": lazy("Choose one of the offered values.")})
    unique = key or f"{row.platform}:{row.platform_order_no}:{kind}"
    known = work.session.scalar(select(PlatformReply).where(PlatformReply.key == unique))
    if known is not None:
        return str(known.id)
    reply = add(
        work,
        PlatformReply(
            platform_order_id=row.id,
            kind=kind,
            key=unique,
            body={"order_no": row.platform_order_no, "kind": kind, **plain(body)},
            queued_at=work.now,
        ),
    )
    audit.record(
        work,
        action="platform.reply",
        entity=f"platform_order:{row.id}",
        after={"kind": kind},
    )
    return str(reply.id)


def reply_to_send(session: Session, *, reply_id: Ref) -> dict[str, Any]:
    """What to send to which platform, for the handler that talks to the outside."""
    reply = get_row(session, PlatformReply, reply_id)
    row = get_row(session, PlatformOrder, reply.platform_order_id)
    return {
        "platform": row.platform,
        "key": reply.key,
        "body": dict(reply.body),
        "acknowledged": reply.acknowledged_at is not None,
    }


def reply_sent(
    work: Work, *, reply_id: Ref, acknowledged: bool, answer: Mapping[str, Any] | None = None
) -> None:
    """Note an attempt to send an answer and what the platform said to it."""
    reply = get_row(work.session, PlatformReply, reply_id)
    reply.attempts += 1
    reply.answer = plain(dict(answer or {}))
    if acknowledged and reply.acknowledged_at is None:
        reply.acknowledged_at = work.now
    work.session.flush()


def map_sku(work: Work, *, platform: str, platform_sku: str, sku: str) -> None:
    """Say which of our products a platform's article number means."""
    theirs = clean(platform_sku)[:64]
    row = work.session.scalar(
        select(PlatformSku).where(
            PlatformSku.platform == platform, PlatformSku.platform_sku == theirs
        )
    )
    if row is None:
        add(work, PlatformSku(platform=platform, platform_sku=theirs, sku=sku))
    else:
        row.sku = sku
        work.session.flush()
    audit.record(
        work,
        action="platform.map_sku",
        entity=f"platform:{platform}",
        after={"theirs": theirs, "ours": sku},
    )


def platform_order_facts(work: Work, *, platform_order_id: Ref) -> PlatformOrderFacts:
    """A platform's order as we keep it."""
    row = get_row(work.session, PlatformOrder, platform_order_id)
    payload = payload_of(work, row)
    return PlatformOrderFacts(
        platform_order_id=str(row.id),
        platform=row.platform,
        platform_order_no=row.platform_order_no,
        state=row.state,
        status=payload.status,
        paid=payload.paid,
        total_fen=payload.total_fen,
        received_at=row.received_at,
        viewed_at=row.viewed_at,
        accepted_at=row.accepted_at,
        pushes=row.pushes,
        conflicts=len(row.conflicts),
        unmapped=list(row.unmapped),
        order_id=str(row.order_id) if row.order_id else None,
        buyer_kind=payload.buyer_kind,
    )


def find_platform_order(
    session: Session, *, platform: str, platform_order_no: str
) -> PlatformOrder | None:
    """The row of a platform's order by its number there."""
    return _known(session, platform, clean(platform_order_no))


def order_platform_order(session: Session, *, order_id: Ref) -> PlatformOrder | None:
    """The platform's order that one of ours came from."""
    return session.scalar(select(PlatformOrder).where(PlatformOrder.order_id == as_id(order_id)))


def payload_of(work: Work, row: PlatformOrder) -> Payload:
    """What a platform's order says, in our words."""
    return read_payload(find_platform(work, row.platform), row.payload)


def content_hash(setup: PlatformSetup, content: Mapping[str, Any]) -> str:
    """SHA-256 over what an order says. Key order, spaces and its changing status do not count."""
    volatile = {setup.fields["status"], setup.fields["paid_at"]}
    lasting = {key: value for key, value in content.items() if key not in volatile}
    text = json.dumps(lasting, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _parse(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadPayload({"body": lazy("This is not JSON.")}) from error
    if not isinstance(content, dict):
        raise BadPayload({"body": lazy("This is not JSON.")})
    return dict(_storable(content))


def _storable(value: Any) -> Any:
    """JSON without what no database keeps: NUL, and halves of characters cut in two."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _known(session: Session, platform: str, number: str) -> PlatformOrder | None:
    return session.scalar(
        select(PlatformOrder)
        .where(PlatformOrder.platform == platform, PlatformOrder.platform_order_no == number)
        .with_for_update()
    )


def _received(row: PlatformOrder, *, duplicate: bool) -> Received:
    return Received(
        str(row.id),
        row.platform_order_no,
        duplicate,
        str(row.order_id) if row.order_id else None,
        row.state,
    )
