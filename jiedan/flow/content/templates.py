"""Element templates: what a service task can do, read off the handlers' signatures."""

from __future__ import annotations

import json
from typing import Any

from jiedan.flow.content.templates_approval import approval_template
from jiedan.flow.handlers import Handler, Input, Registry

HOOK_INPUTS = frozenset({"answer", "outcome"})
"""Inputs that only a completing listener has; such a handler is no service task."""


def element_templates(registry: Registry) -> list[dict[str, Any]]:
    """The approval step, then one template per handler that a service task may run, by name."""
    return [
        approval_template(),
        *(
            element_template(one)
            for _, one in sorted(registry.handlers.items())
            if not HOOK_INPUTS & {each.name for each in one.inputs}
        ),
    ]


def element_template(handler: Handler) -> dict[str, Any]:
    """The template of one handler: its inputs are typed, optional ones carry their default."""
    area = handler.name.partition(".")[0]
    return {
        "name": handler.name,
        "id": f"jiedan.{handler.name}",
        "description": handler.summary,
        "version": 1,
        "category": {"id": area, "name": area},
        "appliesTo": ["bpmn:Task", "bpmn:ServiceTask"],
        "elementType": {"value": "bpmn:ServiceTask"},
        "groups": [{"id": "inputs", "label": "Inputs"}],
        "properties": [_type(handler), *map(_input, handler.inputs)],
    }


def _type(handler: Handler) -> dict[str, Any]:
    return {
        "type": "Hidden",
        "value": handler.name,
        "binding": {"type": "zeebe:taskDefinition", "property": "type"},
    }


def _input(one: Input) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "label": one.name,
        "description": one.annotation,
        "type": "String",
        "feel": "optional",
        "group": "inputs",
        # Left empty, the handler takes the process variable of the same name.
        "optional": True,
        "binding": {"type": "zeebe:input", "name": one.name},
    }
    if isinstance(one.default, str | int | float | bool):
        shown["placeholder"] = json.dumps(one.default, ensure_ascii=False)
    return shown
