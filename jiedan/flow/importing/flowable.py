"""The dialect of Flowable and of Activiti, from which it came."""

from __future__ import annotations

from jiedan.flow.importing.java import Dialect

FLOWABLE = Dialect(
    namespaces={
        "http://flowable.org/bpmn": "flowable",
        "http://activiti.org/bpmn": "activiti",
        "http://flowable.org/modeler": "modeler",
        "http://activiti.com/modeler": "modeler",
        "http://flowable.org/design": "design",
    },
    rules={
        **dict.fromkeys(
            (
                *("async", "asyncBefore", "asyncAfter", "exclusive", "asyncComplete"),
                *("completeAsync", "asyncLeave", "asyncLeaveExclusive", "asyncHistory"),
                *("noWaitStatesAsyncLeave", "parallelInSameTransaction"),
            ),
            "not_needed",
        ),
        **dict.fromkeys(("sameDeployment", "fallbackToDefaultTenant"), "binding_left_out"),
        **dict.fromkeys(("businessKey", "inheritBusinessKey"), "same_instance"),
        **dict.fromkeys(("candidateStarterUsers", "candidateStarterGroups"), "starters_left"),
        **dict.fromkeys(
            (
                *("calledElementType", "processInstanceName", "category", "versionTag"),
                *("formFieldValidation", "jobCategory", "businessCalendarName", "jobPriority"),
                *("initiator-can-complete", "allow-send-email", "editor-resource-id"),
                *("modelId", "modelVersion", "stencilid", "stencilsuperid"),
                *("activiti-idm-assignee", "activiti-idm-assignee-field", "assignee-info-email"),
                *("assignee-info-firstname", "assignee-info-lastname", "activiti-idm-initiator"),
                *("display_ref_in_diagram", "userinfo-firstname", "userinfo-lastname"),
            ),
            "left_out",
        ),
    },
)
