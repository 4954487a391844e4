"""What can be refused in the process platform; each docstring is the message."""

from datetime import datetime

from jiedan.core.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from jiedan.core.i18n import current_locale, format_datetime, gettext, use_locale


class TaskNotFound(NotFound):
    """This task does not exist, or it is not yours."""


class TaskAlreadyCompleted(Conflict):
    """%(by)s already completed this task at %(at)s."""

    by: str
    at: datetime

    def message(self, locale: str | None = None) -> str:
        """Who was faster, and when by the wall clock."""
        with use_locale(locale or current_locale()):
            return gettext(self.msgid(), by=self.by, at=format_datetime(self.at))


class TaskNoLongerOpen(Conflict):
    """This task is no longer open: the process moved on."""


class TaskWaits(Conflict):
    """Somebody else of this step answers first. The task comes back to you then."""


class TaskTaken(Conflict):
    """%(by)s already claimed this task."""


class TaskNotClaimed(Conflict):
    """Nobody has claimed this task."""


class StaleTask(Conflict):
    """The task changed since you opened it. Reload the page and look at it again."""


class InstanceNotFound(NotFound):
    """This process instance does not exist."""


class InstanceSuspended(Conflict):
    """This process instance is suspended. It can go on after an admin resumes it."""


class InstanceOver(Conflict):
    """This process instance has already ended."""


class InstanceLoops(Conflict):
    """The process runs in circles at “%(element)s” without stopping. Nothing was changed."""


class InstanceInState(Conflict):
    """This cannot be done while the process instance is %(state)s."""


class ProcessNotFound(NotFound):
    """There is no process “%(process_id)s”."""


class DefinitionNotFound(NotFound):
    """There is no %(kind)s “%(key)s” with that version."""


class DecisionNotFound(NotFound):
    """There is no decision “%(decision_id)s”."""


class DecisionFailed(Conflict):
    """The decision “%(decision_id)s” could not be made: %(reason)s"""


class DeploymentRefused(Invalid):
    """The files were not deployed: %(count)s problems must be mended first."""


class UnknownField(BadRequest, Invalid):
    """The form has no such field: %(names)s."""


class ConflictingPayload(Conflict):
    """A message with this key was received before, with a different content."""


class KeyReused(Conflict):
    """This idempotency key was used before for a different request."""


class MessageNotFound(NotFound):
    """This message does not exist."""


class JobNotFound(NotFound):
    """This job does not exist."""


class JobBusy(Conflict):
    """This job does not wait for a try: it is being worked on, or over."""


class IncidentNotFound(NotFound):
    """This incident does not exist, or it is already resolved."""


class ReasonMissing(Invalid):
    """Say why: a reason is needed."""


class NotAllowed(Forbidden):
    """You may not do this."""


class AttachmentFixed(Conflict):
    """Files of a completed task cannot be changed."""


class HandlerMissing(Conflict):
    """There is no handler “%(name)s”."""


class IncidentStays(Conflict):
    """This incident cannot be retried or skipped: cancel the instance or move it along."""


class InstanceUnreadable(Conflict):
    """The stored state of this process instance cannot be read: %(reason)s. It was left alone."""


class MigrationNotFound(NotFound):
    """This migration does not exist."""


class MigrationRefused(Conflict):
    """The process instance cannot go to version %(version)s: %(obstacles)s"""


class MigrationInState(Conflict):
    """The migration is in another phase: this cannot be done with it now."""


class NotMigrated(Conflict):
    """The process instance was not migrated, or its migration was already taken back."""


class NothingToMigrate(Invalid):
    """No running process instance was chosen."""


class TooManyToMigrate(Invalid):
    """At most %(limit)s process instances can be migrated together; %(count)s were chosen."""


class SameVersion(Invalid):
    """All chosen process instances run on this version already."""


class MappingUnknown(Invalid):
    """The mapping names an element that neither version has: %(names)s."""


class ElementNotFound(Invalid):
    """There is no element “%(element)s” where this process instance stands."""


class TokenGone(Conflict):
    """The process instance has moved on since you looked: this token is no longer there."""
