"""Jiedan 接单: an order desk that runs a company's regulations as BPMN processes.

This module is the door for `handlers/`: what a handler needs is importable from here, and is
loaded on first use so that `jiedan.feel` or `jiedan.dmn` alone stay light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jiedan.flow.handlers import (
        BpmnError,
        Context,
        DecisionResult,
        InvalidAnswer,
        Retry,
        function,
        guard,
        handler,
    )

__all__ = [
    "BpmnError",
    "Context",
    "DecisionResult",
    "InvalidAnswer",
    "Retry",
    "function",
    "guard",
    "handler",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'jiedan' has no attribute {name!r}")
    return getattr(import_module("jiedan.flow.handlers"), name)
