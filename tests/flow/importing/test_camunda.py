"""What Camunda 7 and Operaton say of each element, and what becomes of it."""

from __future__ import annotations

import json

import pytest

from jiedan.core.i18n import use_locale
from jiedan.flow import engine
from jiedan.flow.content.forms import parse_form
from jiedan.flow.importing import CONVERTED, NOTE, UNCONVERTED
from tests.flow.importing.foreign import extended, file, see


def task(attributes: str = "", *inside: str, kind: str = "userTask") -> bytes:
    body = f'<{kind} id="t" name="审核" {attributes}>{extended(*inside) if inside else ""}</{kind}>'
    return file(body)


@pytest.mark.parametrize(
    ("attributes", "extension", "said"),
    [
        ('x:assignee="ann"', "assignmentDefinition", {"assignee": "ann"}),
        ('x:assignee="${boss}"', "assignmentDefinition", {"assignee": "=boss"}),
        ('x:candidateUsers="ann, ben"', "assignmentDefinition", {"candidateUsers": "ann, ben"}),
        (
            'x:candidateGroups="OC,${group}"',
            "assignmentDefinition",
            {"candidateGroups": '=flatten(["OC", group])'},
        ),
        ('x:dueDate="2030-01-01T10:00:00"', "taskSchedule", {"dueDate": "2030-01-01T10:00:00"}),
        ('x:followUpDate="${soon}"', "taskSchedule", {"followUpDate": "=soon"}),
        ('x:priority="70"', "priorityDefinition", {"priority": "70"}),
        ('x:formKey="review"', "formDefinition", {"formId": "review"}),
        ('x:formRef="review" x:formRefBinding="latest"', "formDefinition", {"formId": "review"}),
        ('x:formKey="camunda-forms:deployment:a/b.form"', "formDefinition", {"formId": "b"}),
    ],
)
def test_a_user_task_keeps_its_people_its_times_and_its_form(
    attributes: str, extension: str, said: dict[str, str]
) -> None:
    seen = see(task(attributes))

    assert seen.said("t", extension) == said
    assert seen.rules(UNCONVERTED) == []
    assert all(setting for _, setting in seen.rules())


def test_an_html_form_is_named_and_reported() -> None:
    seen = see(task('x:formKey="embedded:app:forms/review.html"'))

    assert seen.said("t", "formDefinition") == {"formId": "review"}
    assert seen.rules() == [("form_left", "camunda:formKey")]


def test_a_generated_form_becomes_a_form_of_ours() -> None:
    fields = (
        '<x:formField id="amount" label="金额" type="long" defaultValue="3"><x:validation>'
        '<x:constraint name="required"/><x:constraint name="max" config="9"/></x:validation>'
        '</x:formField><x:formField id="kind" label="类型" type="enum">'
        '<x:value id="a" name="甲"/></x:formField>'
        '<x:formField id="ok" label="同意" type="boolean"/>'
        '<x:formField id="the-day" label="日期" type="date"/>'
        '<x:formField id="odd" label="别的" type="bytes"><x:validation>'
        '<x:constraint name="validator" config="com.example.Check"/></x:validation></x:formField>'
    )

    seen = see(task("", f"<x:formData>{fields}</x:formData>"))

    (content,) = seen.forms()
    form, findings = parse_form(content)
    assert findings == ()
    assert [one.key for one in form.fields] == ["amount", "kind", "ok", "the_day", "odd"]
    assert [one.control for one in form.fields] == [
        *("number", "select", "checkbox", "datetime", "textfield")
    ]
    amount = form.fields[0]
    assert (amount.required, amount.limits.max, amount.default) == (True, 9, 3)
    assert seen.said("t", "formDefinition") == {"formId": form.id}
    assert list(seen.imported.forms) == [f"{form.id}.form"]
    assert seen.rules(UNCONVERTED) == [
        ("field_left", "id"),
        ("field_left", "type"),
        ("field_left", "constraint validator"),
    ]


@pytest.mark.parametrize(
    ("attributes", "handler"),
    [
        ('x:class="com.example.CheckCredit"', "com.example.CheckCredit"),
        ('x:delegateExpression="${checkCredit}"', "checkCredit"),
        ('x:type="external" x:topic="credit.check"', "credit.check"),
        ('x:type="external" x:topic="${topic}"', "=topic"),
        ('x:type="mail"', "mail"),
        ('x:expression="${credit.check(execution)}"', "credit.check"),
    ],
)
def test_a_service_task_names_its_handler(attributes: str, handler: str) -> None:
    seen = see(task(attributes, kind="serviceTask"))

    assert seen.said("t", "taskDefinition") == {"type": handler}
    assert seen.rules(UNCONVERTED) == []
    assert ("handler_named", UNCONVERTED) not in seen.rules()


def test_the_arguments_of_a_call_become_inputs_and_its_value_an_output() -> None:
    seen = see(
        task(
            "x:expression=\"${shop.reserve(order, lines[0].qty, 'a')}\" x:resultVariable='left'",
            kind="serviceTask",
        )
    )

    assert seen.said("t", "taskDefinition") == {"type": "shop.reserve"}
    assert seen.mappings("t") == {
        "order": "=order",
        "argument_2": "=lines[1].qty",
        "argument_3": '="a"',
    }
    assert seen.mappings("t", "output") == {"left": "=result"}
    assert [rule for rule, _ in seen.rules(NOTE)] == ["arguments_named", "result_expected"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("x:expression='${a + b}' x:resultVariable='c'", ("=a + b", "c")),
        ("x:expression=\"${execution.setVariable('c', a + 1)}\"", ("=a + 1", "c")),
        ("x:expression='${true}'", ("=true", None)),
    ],
)
def test_a_service_task_that_only_computes_becomes_a_script_task(
    expression: str, said: tuple[str, str | None]
) -> None:
    seen = see(task(expression, kind="serviceTask"))

    assert seen.kind("t") == "scriptTask"
    script = seen.said("t", "script")
    assert (script["expression"], script.get("resultVariable")) == said
    assert seen.rules(UNCONVERTED) == []


def test_a_connector_is_a_handler_with_its_inputs() -> None:
    seen = see(
        task(
            "",
            "<x:connector><x:connectorId>http-connector</x:connectorId><x:inputOutput>"
            '<x:inputParameter name="url">https://example.org/${id}</x:inputParameter>'
            '<x:inputParameter name="headers"><x:map><x:entry key="Accept">text/plain</x:entry>'
            "</x:map></x:inputParameter></x:inputOutput></x:connector>",
            kind="serviceTask",
        )
    )

    assert seen.said("t", "taskDefinition") == {"type": "http-connector"}
    assert seen.mappings("t") == {
        "url": '=string join(["https://example.org/", string(id)])',
        "headers": '={"Accept": "text/plain"}',
    }


def test_parameters_are_mappings() -> None:
    seen = see(
        task(
            "x:class='C'",
            '<x:inputOutput><x:inputParameter name="a">text</x:inputParameter>'
            '<x:inputParameter name="b">${x + 1}</x:inputParameter>'
            '<x:inputParameter name="c"><x:list><x:value>${y}</x:value><x:value>z</x:value>'
            '</x:list></x:inputParameter><x:inputParameter name="d"/>'
            '<x:inputParameter name="e"><x:script scriptFormat="groovy">x + 1</x:script>'
            '</x:inputParameter><x:outputParameter name="f">${a}</x:outputParameter>'
            "</x:inputOutput>",
            '<x:field name="g" stringValue="s"/><x:field name="h"><x:expression>${i}</x:expression>'
            "</x:field>",
            kind="serviceTask",
        )
    )

    assert seen.mappings("t") == {
        **{"a": '="text"', "b": "=x + 1", "c": '=[y, "z"]', "d": "=null", "e": "=x + 1"},
        **{"g": '="s"', "h": "=i"},
    }
    assert seen.mappings("t", "output") == {"f": "=a"}
    assert seen.rules(UNCONVERTED) == []


@pytest.mark.parametrize(
    ("shape", "level"),
    [("singleEntry", CONVERTED), ("collectEntries", CONVERTED), ("resultList", NOTE), ("", NOTE)],
)
def test_a_called_decision_keeps_its_result_and_says_when_its_shape_differs(
    shape: str, level: str
) -> None:
    shaped = f'x:mapDecisionResult="{shape}"' if shape else ""
    seen = see(task(f'x:decisionRef="risk" x:resultVariable="r" {shaped}', kind="businessRuleTask"))

    assert seen.said("t", "calledDecision") == {"decisionId": "risk", "resultVariable": "r"}
    last = [row for row in seen.imported.rows if "ecision" in str(row.params["setting"])]
    assert level in {row.level for row in last}


def test_a_called_process_gets_what_is_named_and_nothing_else() -> None:
    mapped = (
        '<x:in source="a" target="b"/><x:in sourceExpression="${c + 1}" target="d"/>'
        '<x:in businessKey="#{execution.processBusinessKey}"/><x:out source="e" target="f"/>'
    )
    named = see(file(f'<callActivity id="t" calledElement="q">{extended(mapped)}</callActivity>'))
    everything = see(
        file(
            '<callActivity id="t" calledElement="${which}">'
            + extended('<x:in variables="all"/><x:out variables="all"/>')
            + "</callActivity>"
        )
    )

    assert named.said("t", "calledElement") == {
        "processId": "q",
        "propagateAllParentVariables": "false",
        "propagateAllChildVariables": "false",
    }
    assert named.mappings("t") == {"b": "=a", "d": "=c + 1"}
    assert named.mappings("t", "output") == {"f": "=e"}
    assert ("same_instance", "camunda:in businessKey") in named.rules(NOTE)
    assert everything.said("t", "calledElement") == {
        "processId": "=which",
        "propagateAllParentVariables": "true",
        "propagateAllChildVariables": "true",
    }
    assert everything.element("t").get("calledElement") is None


def test_rounds_keep_their_collection_item_order_and_end() -> None:
    seen = see(
        file(
            '<userTask id="t"><multiInstanceLoopCharacteristics isSequential="true" '
            'x:collection="${order.lines}" x:elementVariable="line">'
            "<completionCondition>${nrOfCompletedInstances &gt; 2}</completionCondition>"
            "</multiInstanceLoopCharacteristics></userTask>"
            '<userTask id="u"><multiInstanceLoopCharacteristics>'
            "<loopCardinality>${count}</loopCardinality></multiInstanceLoopCharacteristics>"
            '</userTask><userTask id="v"><multiInstanceLoopCharacteristics x:collection="rows"/>'
            "</userTask>"
        )
    )

    said = {"inputCollection": "=order.lines", "inputElement": "line"}
    assert seen.said("t", "loopCharacteristics") == said
    assert seen.text("t", "completionCondition") == "=numberOfCompletedInstances > 2"
    assert seen.text("u", "loopCardinality") == "=count"
    assert seen.said("v", "loopCharacteristics") == {"inputCollection": "=rows"}


def test_conditions_timers_and_names_become_feel() -> None:
    seen = see(
        file(
            '<sequenceFlow id="f" sourceRef="a" targetRef="b">'
            '<conditionExpression xsi:type="tFormalExpression">${!ok}</conditionExpression>'
            '</sequenceFlow><sequenceFlow id="g" sourceRef="a" targetRef="b">'
            '<conditionExpression language="groovy">total &gt; 9</conditionExpression>'
            '</sequenceFlow><intermediateCatchEvent id="c"><timerEventDefinition>'
            "<timeDuration>PT${hours}H</timeDuration></timerEventDefinition>"
            '</intermediateCatchEvent><intermediateCatchEvent id="e"><conditionalEventDefinition>'
            "<condition>${x == 1}</condition></conditionalEventDefinition>"
            "</intermediateCatchEvent>",
            outside='<message id="m" name="paid-${id}"/>',
        )
    )

    assert seen.text("f", "conditionExpression") == "=ok != true"
    assert seen.text("g", "conditionExpression") == "=total > 9"
    assert seen.text("c", "timeDuration") == '=string join(["PT", string(hours), "H"])'
    assert seen.text("e", "condition") == "=x = 1"
    assert seen.element("m").get("name") == '=string join(["paid-", string(id)])'
    assert engine.inspect(seen.imported.source)  # it is read, whatever it finds


@pytest.mark.parametrize(
    ("script", "form", "said"),
    [
        ("a + b", "javascript", {"expression": "=a + b", "resultVariable": "r"}),
        ("${a + b}", "juel", {"expression": "=a + b", "resultVariable": "r"}),
        ("a + b", "feel", {"expression": "=a + b", "resultVariable": "r"}),
    ],
)
def test_a_script_that_is_an_expression_is_kept(
    script: str, form: str, said: dict[str, str]
) -> None:
    seen = see(
        file(
            f'<scriptTask id="t" scriptFormat="{form}" x:resultVariable="r">'
            f"<script>{script}</script></scriptTask>"
        )
    )

    assert seen.said("t", "script") == said
    assert seen.element("t").get("scriptFormat") is None
    assert seen.rules(UNCONVERTED) == []


def test_a_script_that_is_a_program_stays_and_is_reported() -> None:
    seen = see(
        file(
            '<scriptTask id="t" scriptFormat="groovy" x:resultVariable="r">'
            "<script>println 'x'; return 1</script></scriptTask>"
        )
    )

    assert seen.text("t", "script") == "println 'x'; return 1"
    assert seen.rules(UNCONVERTED) == [
        ("script_left", "bpmn:script"),
        ("setting_left", "camunda:resultVariable"),
    ]


def test_an_event_that_sends_by_code_names_its_handler() -> None:
    seen = see(
        file(
            '<endEvent id="t"><messageEventDefinition id="d1" x:type="external" '
            'x:topic="mail.send"/></endEvent>'
        )
    )

    assert seen.said("t", "taskDefinition") == {"type": "mail.send"}


def test_retries_are_kept_and_their_distance_is_said() -> None:
    seen = see(
        task(
            "x:class='C'",
            "<x:failedJobRetryTimeCycle>R5/PT10M</x:failedJobRetryTimeCycle>",
            kind="serviceTask",
        )
    )

    assert seen.said("t", "taskDefinition") == {"type": "C", "retries": "5"}
    assert ("wait_left_out", "camunda:failedJobRetryTimeCycle") in seen.rules(NOTE)


def test_flags_listeners_and_what_nobody_knows_are_rows_of_the_report() -> None:
    seen = see(
        task(
            'x:asyncBefore="true" x:exclusive="false" x:jobPriority="3" x:novelty="1"',
            '<x:executionListener event="start" class="com.example.L"/>',
            '<x:taskListener event="create" expression="${a.b()}"/>',
            '<x:properties><x:property name="k" value="v"/></x:properties>',
            "<x:invention/>",
        )
    )

    assert seen.rules() == [
        ("listener_left", "camunda:executionListener start"),
        ("listener_left", "camunda:taskListener create"),
        ("setting_left", "camunda:novelty"),
        ("setting_left", "camunda:invention"),
        ("not_needed", "camunda:asyncBefore"),
        ("not_needed", "camunda:exclusive"),
        ("left_out", "camunda:jobPriority"),
        ("converted", "camunda:properties k"),
    ]
    row = seen.imported.rows[0]
    assert (row.element_id, row.label, row.process_id) == ("t", "审核", "p")
    assert row.text("en").endswith("was not converted: event=start, class=com.example.L")
    assert row.advice("zh") != row.advice("en")


def test_who_may_start_and_what_is_asked_at_the_start_are_left_to_a_person() -> None:
    seen = see(
        file('<startEvent id="s" x:formKey="begin"/>', process='x:candidateStarterGroups="OC"')
    )

    assert seen.rules() == [
        ("starters_left", "camunda:candidateStarterGroups"),
        ("start_form_left", "camunda:formKey"),
    ]


def test_a_message_without_a_key_is_named() -> None:
    seen = see(
        file(
            '<receiveTask id="t" messageRef="m"/><startEvent id="s"><messageEventDefinition '
            'id="d2" messageRef="m"/></startEvent>',
            outside='<message id="m" name="paid"/>',
        )
    )

    assert [(row.rule, row.element_id) for row in seen.imported.rows] == [("key_missing", "t")]


def test_a_converted_diagram_runs() -> None:
    seen = see(
        file(
            '<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="t"/>'
            '<userTask id="t" x:assignee="${boss}"/>'
            '<sequenceFlow id="f2" sourceRef="t" targetRef="e"/><endEvent id="e"/>'
        )
    )

    assert engine.inspect(seen.imported.source) == []
    model = engine.compile_model({"a": seen.imported.source}, "p")
    assert {one.id for one in model.elements()} == {"s", "t", "e"}


def test_operaton_and_its_older_names_are_the_same_dialect() -> None:
    seen = see(file('<userTask id="t" x:assignee="ann"/>', dialect="operaton"))

    assert seen.imported.dialects == ("operaton",)
    assert seen.rules() == [("converted", "operaton:assignee")]
    with use_locale("zh-CN"):
        assert "ann" in seen.imported.rows[0].text("zh-CN")


def test_forms_are_written_as_json_that_people_can_read() -> None:
    seen = see(task("", '<x:formData><x:formField id="a" label="甲" type="string"/></x:formData>'))

    (content,) = seen.forms()
    assert "甲" in content.decode()
    assert json.loads(content)["components"][-1]["action"] == "submit"
