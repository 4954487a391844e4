"""Owns the step: one instance loaded under its lock, run on, and saved, in one transaction."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from jiedan.core import audit
from jiedan.core.prepared import Batch, Prepared
from jiedan.core.work import Work
from jiedan.flow.current import Bundle, bundle_of
from jiedan.flow.engine import EndlessLoop, Live, StateUnreadable
from jiedan.flow.errors import InstanceLoops, InstanceOver, InstanceUnreadable
from jiedan.flow.host import Gathered, Outgoing, StepHost
from jiedan.flow.instance import Instance, lock_instance
from jiedan.flow.packing import pack
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.sync import write_changes
from jiedan.flow.sync_history import count_open
from jiedan.flow.sync_waits import early_messages
from jiedan.flow.synced import Act, OpenedTask, Synced
from jiedan.flow.tables import InstanceRow, StateRow, table_of
from jiedan.flow.unreadable import report_unreadable
from jiedan.flow.verbs.placing import Placement
from jiedan.flow.words import forget_words, keep_words

_STEPS: Final = "flow.steps"
_OUTBOX: Final = "flow.outbox"

_STATE = Prepared(
    select(table_of(StateRow).c.content).where(
        table_of(StateRow).c.instance_id == bindparam("instance_id")
    )
)
_SAVE_STATE = Prepared(
    update(table_of(StateRow))
    .where(table_of(StateRow).c.instance_id == bindparam("b_id"))
    .values(content=bindparam("b_content"), finished=bindparam("b_finished"))
)
_SAVE_INSTANCE = (
    update(table_of(InstanceRow))
    .where(table_of(InstanceRow).c.id == bindparam("b_id"))
    .values(
        revision=bindparam("b_revision"),
        state=bindparam("b_state"),
        ended_at=bindparam("b_ended_at"),
    )
)
_SAVE_REVISION = Prepared(_SAVE_INSTANCE)


@dataclass(slots=True)
class Step:
    """An instance in the hands of one transaction. Act on `live`, then `run`."""

    work: Work
    flow: Flow
    instance: Instance
    bundle: Bundle
    live: Live
    stored: bool = True
    """False until the rows of a new instance are written."""
    host: StepHost = field(init=False)
    database: Connection = field(init=False)
    """For statements without objects: the session's own connection, without its detours."""
    batch: Batch = field(init=False)
    """What `save` writes without asking for an answer; sent at its end."""
    opened: list[OpenedTask] = field(default_factory=list)
    placed: list[Placement] = field(default_factory=list)
    """Opened tasks with rules that are still to be followed; `delivery.drain` does it."""
    told_end: bool = False
    """Whether the rules for the end of the instance were followed."""
    returned: set[UUID] = field(default_factory=set)
    """Tokens that a return put where they are: rules that agree by themselves are off there."""

    def __post_init__(self) -> None:
        self.database = self.work.connection
        self.batch = Batch(self.database)
        self.host = StepHost(self.work, self.flow, self.instance)

    def run(self, act: Act | None = None) -> None:
        """Move on to the next wait state and write what changed.

        What was published lies in the outbox until `delivery.drain`.
        """
        try:
            self.live.run(self.host)
        except EndlessLoop as error:
            raise InstanceLoops(element=error.element_id) from error
        self.save(act)

    def save(self, act: Act | None = None) -> None:
        """Write what changed since the last save; `act` is what a person did to cause it."""
        changes = self.live.changes()
        gathered, self.host.gathered = self.host.gathered, Gathered()
        self._write_instance_if_new()
        synced = write_changes(self, changes, gathered, act)
        self.opened = [
            one for one in self.opened if one.task_id not in synced.closed
        ] + synced.opened
        self._turn(synced)
        self._write_state()
        if synced.due_at is not None:
            self.flow.due(self.work, synced.due_at, jobs=synced.jobs)
        outbox_of(self.work).extend([*gathered.messages, *synced.thrown, *synced.early])

    def take_early_messages(self) -> None:
        """Put what came while nothing could be taken on its way again."""
        outbox_of(self.work).extend(early_messages(self.work.session, self.instance.id))

    def _turn(self, synced: Synced) -> None:
        """Work out the instance's state from what happened."""
        before = self.instance.state
        if synced.ended and not before.is_over:
            self.instance.state = InstanceState.COMPLETED
        elif synced.incidents and before is InstanceState.ACTIVE:
            self.instance.state = InstanceState.INCIDENT
        elif (
            before is InstanceState.INCIDENT
            and not synced.incidents
            and count_open(self.work.session, self.instance.id) == 0
        ):
            self.instance.state = InstanceState.ACTIVE
        if self.instance.state is not before:
            audit.record(
                self.work,
                action=f"instance.{self.instance.state}",
                entity=f"instance:{self.instance.id}",
                before={"state": before},
                after={"state": self.instance.state},
            )

    def _write_instance_if_new(self) -> None:
        if self.stored:
            return
        self.stored = True
        instance = self.instance
        instance.renamed = False
        session = self.work.session
        session.execute(
            insert(table_of(InstanceRow)),
            {
                "id": instance.id,
                "process_id": instance.process_id,
                "bundle_id": instance.bundle_id,
                "version": instance.version,
                "state": instance.state,
                "revision": instance.revision,
                "started_by": instance.started_by,
                "started_at": instance.started_at,
                **instance.labels(),
            },
        )
        session.execute(
            insert(table_of(StateRow)),
            {"instance_id": instance.id, "content": b"", "finished": False},
        )
        if instance.title is not None:
            keep_words(self.database, instance.id, *instance.texts(), fresh=True)

    def _write_state(self) -> None:
        instance = self.instance
        instance.revision += 1
        over = instance.state.is_over
        values: dict[str, Any] = {
            "b_id": instance.id,
            "b_revision": instance.revision,
            "b_state": instance.state,
            "b_ended_at": self.work.now if over else None,
        }
        if instance.renamed:
            self.database.execute(_SAVE_INSTANCE.values(**instance.labels()), values)
            if not over:
                keep_words(self.database, instance.id, *instance.texts(), fresh=False)
            instance.renamed = False
        else:
            self.batch.add(_SAVE_REVISION, values)
        if over and instance.title is not None:
            forget_words(self.database, instance.id)
        content = pack(self.live.variables()) if over else self.live.state()
        self.batch.add(_SAVE_STATE, {"b_id": instance.id, "b_content": content, "b_finished": over})
        self.batch.send()

    def keep(self) -> None:
        """After the commit: the live instance may serve the next step."""
        if not self.instance.state.is_over:
            self.flow.caches.live.put(self.instance.id, (self.instance.revision, self.live))


def step_of(work: Work, flow: Flow, instance_id: UUID) -> Step:
    """The step of an instance in this transaction, loaded and locked if it is not yet.

    Raises InstanceNotFound, InstanceOver.
    """
    steps = _steps(work)
    known = steps.get(instance_id)
    if known is not None:
        return known
    return step_for(work, flow, lock_instance(work, instance_id))


def step_if_running(work: Work, flow: Flow, instance_id: UUID) -> Step | None:
    """The same, or None when the instance is over or suspended by now."""
    try:
        step = step_of(work, flow, instance_id)
    except InstanceOver:
        return None
    running = (InstanceState.ACTIVE, InstanceState.INCIDENT)
    return step if step.instance.state in running else None


def step_for(work: Work, flow: Flow, instance: Instance) -> Step:
    """The same for an instance whose row this transaction has already locked."""
    if instance.state.is_over:
        raise InstanceOver
    steps = _steps(work)
    bundle = bundle_of(work.session, flow, instance.bundle_id)
    cached = flow.caches.live.take(instance.id)
    if cached is not None and cached[0] == instance.revision:
        live: Live = cached[1]
    else:
        stored = _STATE.first(work.connection, {"instance_id": instance.id})
        try:
            live = Live.restore(bundle.model, bytes(stored.content))
        except StateUnreadable as error:
            reason = str(error)
            work.after_rollback(partial(report_unreadable, flow, instance.id, reason))
            raise InstanceUnreadable(reason=reason) from error
    step = Step(work, flow, instance, bundle, live)
    return _remember(steps, step)


def begin_step(
    work: Work,
    flow: Flow,
    *,
    instance: Instance,
    variables: Mapping[str, Any],
    message: str | None = None,
    signal: str | None = None,
    start_element: str | None = None,
) -> Step:
    """Start a new instance and run it to its first wait state."""
    bundle = bundle_of(work.session, flow, instance.bundle_id)
    host = StepHost(work, flow, instance)
    try:
        live = Live.start(
            bundle.model,
            variables,
            host,
            message=message,
            signal=signal,
            start_element=start_element,
        )
    except EndlessLoop as error:
        raise InstanceLoops(element=error.element_id) from error
    step = Step(work, flow, instance, bundle, live, stored=False)
    step.host.gathered = host.gathered
    _remember(_steps(work), step)
    step.save()
    return step


def outbox_of(work: Work) -> deque[Outgoing]:
    """Messages that steps of this transaction sent and nobody has delivered yet."""
    outbox: deque[Outgoing] = work.session.info.setdefault(_OUTBOX, deque())
    return outbox


def step_with_rules(work: Work) -> Step | None:
    """A step of this transaction that opened a task, or ended, with rules not followed yet."""
    for step in _steps(work).values():
        over = step.instance.state.is_over
        if (step.placed and not over) or (over and not step.told_end):
            return step
    return None


def _steps(work: Work) -> dict[UUID, Step]:
    steps: dict[UUID, Step] = work.session.info.setdefault(_STEPS, {})
    return steps


def _remember(steps: dict[UUID, Step], step: Step) -> Step:
    steps[step.instance.id] = step
    step.work.after_commit(step.keep)
    return step
