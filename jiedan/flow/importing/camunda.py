"""The dialect of Camunda 7 and of Operaton, its continuation."""

from __future__ import annotations

from jiedan.flow.importing.java import Dialect

CAMUNDA = Dialect(
    namespaces={
        "http://camunda.org/schema/1.0/bpmn": "camunda",
        "http://operaton.org/schema/1.0/bpmn": "operaton",
        "http://www.camunda.com/fox": "fox",
        "http://www.operaton.com/fox": "fox",
    },
    rules={
        **dict.fromkeys(("async", "asyncBefore", "asyncAfter", "exclusive"), "not_needed"),
        **dict.fromkeys(
            (
                *("formRefBinding", "formRefVersion", "decisionRefBinding", "decisionRefVersion"),
                *("decisionRefVersionTag", "calledElementBinding", "calledElementVersion"),
                "calledElementVersionTag",
            ),
            "binding_left_out",
        ),
        **dict.fromkeys(("candidateStarterUsers", "candidateStarterGroups"), "starters_left"),
        **dict.fromkeys(
            (
                *("jobPriority", "taskPriority", "historyTimeToLive", "isStartableInTasklist"),
                *("modelerTemplate", "modelerTemplateVersion", "modelerTemplateIcon"),
                *("versionTag", "variableName", "variableEvents", "diagramRelationId"),
            ),
            "left_out",
        ),
    },
)
