"""The states of instances, user tasks, jobs, messages and incidents (STYLE §2)."""

from enum import StrEnum


class InstanceState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCIDENT = "incident"

    @property
    def is_over(self) -> bool:
        return self in (InstanceState.COMPLETED, InstanceState.CANCELLED)


class TaskState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    WAITING = "waiting"
    """Somebody else of the same step answers first."""

    @property
    def is_open(self) -> bool:
        return self in (TaskState.OPEN, TaskState.CLAIMED)


class JobState(StrEnum):
    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    INCIDENT = "incident"
    SUSPENDED = "suspended"
    """Its instance is suspended."""
    CANCELLED = "cancelled"


class JobKind(StrEnum):
    HANDLER = "handler"
    """Run a service task's handler (external, or after a failure inside a step)."""
    TIMER = "timer"
    """A BPMN timer event of one instance is due."""
    MESSAGE = "message"
    """A buffered message expires."""
    TIMEOUT = "timeout"
    """A step's deadline has passed: what the diagram says about that."""
    MIGRATION = "migration"
    """Instances are taken to another version, some at a time."""
    PERIODIC = "periodic"
    """Work of the house that comes again, such as cleaning up."""


class MessageState(StrEnum):
    DELIVERED = "delivered"
    BUFFERED = "buffered"
    UNMATCHED = "unmatched"
    """Nobody waited for it and nobody came before `message.buffer_hours` passed."""
    DISCARDED = "discarded"


class IncidentState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class IncidentKind(StrEnum):
    HANDLER_FAILED = "handler_failed"
    EXPRESSION_FAILED = "expression_failed"
    UNCAUGHT_ERROR = "uncaught_error"
    DEAD_END = "dead_end"
    """The instance is neither finished nor waiting for anything."""
    STATE_UNREADABLE = "state_unreadable"
    """What is stored of the instance is damaged, or of a newer release."""


class DefinitionKind(StrEnum):
    PROCESS = "process"
    DECISION = "decision"
    FORM = "form"


class MigrationState(StrEnum):
    CHECKING = "checking"
    CHECKED = "checked"
    """The dry run is done; nothing was changed yet."""
    RUNNING = "running"
    DONE = "done"
    REVERTING = "reverting"
    REVERTED = "reverted"

    @property
    def is_working(self) -> bool:
        return self in (MigrationState.CHECKING, MigrationState.RUNNING, MigrationState.REVERTING)


class MigrationItemState(StrEnum):
    NEW = "new"
    READY = "ready"
    """The dry run found no obstacle."""
    REFUSED = "refused"
    """It stays in its version."""
    MIGRATED = "migrated"
    REVERTED = "reverted"
    KEPT = "kept"
    """It was to go back and could not."""
