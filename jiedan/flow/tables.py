"""The tables of the process platform: one state blob per instance and query rows beside it."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base

Json = dict[str, Any]


# --- definitions -------------------------------------------------------------------------------
class SourceRow(Base):
    """The bytes of one file, stored once per content."""

    __tablename__ = "flow_sources"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DeploymentRow(Base):
    """One act of deploying; its id grows, so the newest id tells every process what is current."""

    __tablename__ = "flow_deployments"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="")
    origin: Mapped[str] = mapped_column(String(16), default="studio")
    """`folders` for what a start found in the content folders, else `studio`."""


class DefinitionRow(Base):
    """The n-th version of a process, a decision file or a form. Never changed once written."""

    __tablename__ = "flow_definitions"
    __table_args__ = (UniqueConstraint("kind", "key", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(128))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("flow_sources.sha256"))
    filename: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255), default="")
    name_en: Mapped[str] = mapped_column(String(255), default="")
    facts: Mapped[Json]
    """What other parts ask of it: called processes, message starts, decision ids …"""
    deployment_id: Mapped[int] = mapped_column(ForeignKey("flow_deployments.id"), index=True)


class BundleRow(Base):
    """A root process version with the versions of every process it may call."""

    __tablename__ = "flow_bundles"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    root: Mapped[str] = mapped_column(String(128))
    version: Mapped[int]
    members: Mapped[Json]
    """process id → {"version": n, "sha256": …}"""


# --- instances ---------------------------------------------------------------------------------
class InstanceRow(Base):
    """One run of one bundle: what lists show. Its engine state is in `flow_states`."""

    __tablename__ = "flow_instances"
    __table_args__ = (
        Index("ix_flow_instances_process", "process_id", "state", "started_at"),
        Index("ix_flow_instances_process_started", "process_id", "started_at"),
        Index("ix_flow_instances_state", "state", "started_at"),
        Index("ix_flow_instances_started", "started_at"),
        Index("ix_flow_instances_starter", "started_by", "started_at"),
        # A search of what is over reads this index from end to end: a fraction of the table.
        Index("ix_flow_instances_search", "search", "id"),
        Index(
            "ix_flow_instances_amount",
            "amount",
            sqlite_where=text("amount IS NOT NULL AND ended_at IS NULL"),
            postgresql_where=text("amount IS NOT NULL AND ended_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(128))
    bundle_id: Mapped[int] = mapped_column(ForeignKey("flow_bundles.id"))
    version: Mapped[int]
    business_key: Mapped[str | None] = mapped_column(String(64), index=True)
    title: Mapped[str | None] = mapped_column(String(255))
    summary: Mapped[Json | None]
    amount: Mapped[int | None]
    """What it is worth, in fen, for filters and orders of lists."""
    search: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    resume_state: Mapped[str | None] = mapped_column(String(16))
    revision: Mapped[int]
    started_by: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    halted_at: Mapped[datetime | None]
    """Since when its deadlines stand still: suspended, on hold, waiting for the customer."""
    end_note: Mapped[str | None] = mapped_column(Text)


class StateRow(Base):
    """The compressed engine state of an open instance, or the last variables of a finished one."""

    __tablename__ = "flow_states"
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), primary_key=True)
    finished: Mapped[bool] = mapped_column(default=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


# --- user tasks --------------------------------------------------------------------------------
class TaskRow(Base):
    """A user task; its id is the engine's task id."""

    __tablename__ = "flow_tasks"
    __table_args__ = (
        Index("ix_flow_tasks_instance", "instance_id", "element_id"),
        Index("ix_flow_tasks_done", "completed_by", "completed_at"),
        Index("ix_flow_tasks_sla", "sla_at"),
        # Of open tasks only: what is finished costs nothing here.
        Index(
            "ix_flow_tasks_open",
            "element_id",
            "process_id",
            sqlite_where=text("completed_at IS NULL"),
            postgresql_where=text("completed_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(255))
    name_en: Mapped[str | None] = mapped_column(String(255))
    code: Mapped[str | None] = mapped_column(String(32))
    form_id: Mapped[str | None] = mapped_column(String(128))
    form_version: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(default=1)
    """Optimistic lock: grows with claim, unclaim, draft and completion."""
    assignee: Mapped[str | None] = mapped_column(String(64))
    candidates: Mapped[str | None] = mapped_column(Text)
    """Owners as in `flow_task_candidates`, blank-separated: `r:OC r:CS u:ann`."""
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    sla_at: Mapped[datetime | None]
    """When the next rung of the ladder is due; none when there is none."""
    sla_stage: Mapped[int] = mapped_column(default=0)
    paused_seconds: Mapped[int] = mapped_column(default=0)
    """Time that did not count towards the deadline."""
    claimed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    has_draft: Mapped[bool] = mapped_column(default=False)
    has_files: Mapped[bool] = mapped_column(default=False)
    answer_key: Mapped[str | None] = mapped_column(String(128))
    """The idempotency key that completed it: a replay with it gets the first result."""
    token_id: Mapped[UUID | None]
    """Of a step that several sign (`flow_seats`): the engine's task; else the id is that."""
    extra: Mapped[Json | None]
    """Multi-instance item and escalation target."""
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What was handed in, packed; fields that the form hid are not in it."""


class TaskCandidateRow(Base):
    """Whose inbox an open task is in: `u:login` or `r:ROLE`. Gone when the task is."""

    __tablename__ = "flow_task_candidates"
    __table_args__ = (
        Index("ix_flow_task_candidates_due", "owner", "visible", "due_at", "task_id"),
        Index("ix_flow_task_candidates_created", "owner", "visible", "created_at", "task_id"),
        Index("ix_flow_task_candidates_rank", "owner", "visible", "rank", "due_at", "task_id"),
    )
    task_id: Mapped[UUID] = mapped_column(ForeignKey("flow_tasks.id"), primary_key=True)
    owner: Mapped[str] = mapped_column(String(80), primary_key=True)
    candidate: Mapped[bool] = mapped_column(default=True)
    """False for the row that only an assignment made: it goes with the assignment."""
    visible: Mapped[bool] = mapped_column(default=True)
    """False while somebody else holds the task."""
    due_at: Mapped[datetime]
    """9999-12-31 when there is no deadline, so that those sort last."""
    created_at: Mapped[datetime]
    rank: Mapped[int]
    """Minus the priority: ascending order puts the most urgent first."""


class DraftRow(Base):
    """What a person typed and did not hand in."""

    __tablename__ = "flow_drafts"
    __table_args__ = (
        Index("ix_flow_drafts_saved", "saved_by", "saved_at"),
        Index("ix_flow_drafts_at", "saved_at"),
    )
    task_id: Mapped[UUID] = mapped_column(ForeignKey("flow_tasks.id"), primary_key=True)
    values: Mapped[Json]
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime]


class CommentRow(Base):
    __tablename__ = "flow_comments"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), index=True)
    task_id: Mapped[UUID | None]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


# --- jobs, timers, messages --------------------------------------------------------------------
class JobRow(Base):
    """A queued execution or a timer: the truth that dispatchers claim and monitors show."""

    __tablename__ = "flow_jobs"
    __table_args__ = (
        Index("ix_flow_jobs_due", "state", "due_at"),
        Index("ix_flow_jobs_lease", "state", "lease_until"),
        Index("ix_flow_jobs_order", "due_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("flow_instances.id"), index=True)
    task_id: Mapped[UUID | None]
    """The engine's task that waits for it."""
    process_id: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(128))
    handler: Mapped[str | None] = mapped_column(String(128))
    inputs: Mapped[Json | None]
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=3)
    fence: Mapped[int] = mapped_column(default=0)
    """Grows with every claim: who comes back with an older one is not listened to."""
    worker: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class SubscriptionRow(Base):
    """An instance waits here for a message."""

    __tablename__ = "flow_subscriptions"
    __table_args__ = (Index("ix_flow_subscriptions_message", "message", "correlation_key"),)
    task_id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(128))
    message: Mapped[str] = mapped_column(String(128))
    correlation_key: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]


class MessageRow(Base):
    """One message that came in, kept with what became of it."""

    __tablename__ = "flow_messages"
    __table_args__ = (
        UniqueConstraint("name", "key"),
        Index("ix_flow_messages_waiting", "state", "name", "correlation_key"),
        Index("ix_flow_messages_received", "received_at"),
        Index("ix_flow_messages_state", "state", "received_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    correlation_key: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(255))
    payload: Mapped[Json]
    payload_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]
    received_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    instance_id: Mapped[UUID | None] = mapped_column(index=True)
    note: Mapped[str | None] = mapped_column(Text)


class IdempotencyRow(Base):
    """The first result of a call that carried a key."""

    __tablename__ = "flow_idempotency"
    __table_args__ = (Index("ix_flow_idempotency_at", "at"),)
    actor: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    operation: Mapped[str] = mapped_column(String(64))
    request_sha256: Mapped[str] = mapped_column(String(64))
    result: Mapped[Json]
    at: Mapped[datetime]


# --- what happened -----------------------------------------------------------------------------
class ActivityRow(Base):
    """An element was left: who, when, how. Waiting elements are in tasks, jobs, subscriptions."""

    __tablename__ = "flow_activities"
    __table_args__ = (Index("ix_flow_activities_instance", "instance_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"))
    process_id: Mapped[str] = mapped_column(String(128))
    element_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    """The BPMN type, or what a person did: `claimed`, `suspended`, `incident`, `retried` …"""
    task_id: Mapped[UUID | None]
    entered_at: Mapped[datetime | None]
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(64))
    on_behalf_of: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[Json | None]
    """Fired decision rules, errors, changed variables."""


class IncidentRow(Base):
    """Something that needs an admin."""

    __tablename__ = "flow_incidents"
    __table_args__ = (
        Index("ix_flow_incidents_state", "state", "at"),
        Index("ix_flow_incidents_at", "at"),
        Index("ix_flow_incidents_job", "job_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("flow_instances.id"), index=True)
    job_id: Mapped[UUID | None]
    task_id: Mapped[UUID | None]
    process_id: Mapped[str | None] = mapped_column(String(128))
    element_id: Mapped[str | None] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    message: Mapped[str] = mapped_column(Text)
    trace: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)


class NoticeRow(Base):
    """An in-app notice to a person (`u:login`) or to everybody with a role (`r:ROLE`)."""

    __tablename__ = "flow_notices"
    __table_args__ = (
        Index("ix_flow_notices_owner", "owner", "at"),
        Index("ix_flow_notices_at", "at"),
        Index(
            "ix_flow_notices_fresh",
            "at",
            sqlite_where=text("spread_at IS NULL"),
            postgresql_where=text("spread_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    msgid: Mapped[str] = mapped_column(Text)
    """English source text with `%(name)s` places; shown through gettext with `params`."""
    params: Mapped[Json]
    instance_id: Mapped[UUID | None]
    task_id: Mapped[UUID | None]
    spread_at: Mapped[datetime | None]
    """When it was turned into messages to mailboxes and robots."""


class NoticeReadRow(Base):
    __tablename__ = "flow_notice_reads"
    __table_args__ = (Index("ix_flow_notice_reads_login", "login", "notice_id"),)
    notice_id: Mapped[UUID] = mapped_column(
        ForeignKey("flow_notices.id", ondelete="CASCADE"), primary_key=True
    )
    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


def table_of(row: type[Base]) -> Table:
    """The table itself, for statements that need no objects."""
    return cast(Table, row.__table__)
