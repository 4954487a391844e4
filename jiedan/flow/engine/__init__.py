"""The process engine: SpiffWorkflow with our own elements, behind frozen snapshots.

Only this package imports SpiffWorkflow; no object of it leaves.

Variables live in scopes, as in Zeebe: one per process instance or called process, and a local
one for input mappings, multi-instance items and embedded subprocesses. Parallel branches see
each other's writes. A write goes to the nearest scope that has the name, else to the outermost;
a multi-instance item with an output collection keeps its writes to itself.
"""

from jiedan.flow.engine.errors import (
    DefinitionRefused,
    EndlessLoop,
    EngineError,
    LiveBroken,
    NothingWaits,
    StartRefused,
    StateUnreadable,
)
from jiedan.flow.engine.host import PENDING, BpmnError, Host, Pending, ServiceCall
from jiedan.flow.engine.inspection import inspect
from jiedan.flow.engine.live import Live
from jiedan.flow.engine.model import ProcessModel, compile_model
from jiedan.flow.engine.snapshots import (
    Changes,
    Closed,
    ElementRef,
    Entered,
    Failure,
    Finding,
    Left,
    Listener,
    MultiInstanceItem,
    OpenTask,
    Severity,
    Subscription,
    Thrown,
    Timer,
    Token,
    UncaughtError,
    WaitingJob,
)

__all__ = [
    "PENDING",
    "BpmnError",
    "Changes",
    "Closed",
    "DefinitionRefused",
    "ElementRef",
    "EndlessLoop",
    "EngineError",
    "Entered",
    "Failure",
    "Finding",
    "Host",
    "Left",
    "Listener",
    "Live",
    "LiveBroken",
    "MultiInstanceItem",
    "NothingWaits",
    "OpenTask",
    "Pending",
    "ProcessModel",
    "ServiceCall",
    "Severity",
    "StartRefused",
    "StateUnreadable",
    "Subscription",
    "Thrown",
    "Timer",
    "Token",
    "UncaughtError",
    "WaitingJob",
    "compile_model",
    "inspect",
]
