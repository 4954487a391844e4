"""What Flowable and Activiti say beyond what Camunda 7 took over from them."""

from __future__ import annotations

import pytest

from jiedan.flow.content.forms import parse_form
from jiedan.flow.importing import NOTE, UNCONVERTED
from tests.flow.importing.foreign import extended, file, see


def service(attributes: str, *inside: str, dialect: str = "flowable") -> bytes:
    body = f'<serviceTask id="t" {attributes}>{extended(*inside) if inside else ""}</serviceTask>'
    return file(body, dialect=dialect)


def field(name: str, text: str) -> str:
    return f'<x:field name="{name}"><x:string><![CDATA[{text}]]></x:string></x:field>'


@pytest.mark.parametrize("kind", ["http", "mail", "camel", "shell"])
def test_a_built_in_task_is_a_handler_of_its_name_with_its_fields(kind: str) -> None:
    seen = see(service(f'x:type="{kind}"', field("to", "a@example.org"), field("text", "Hi ${n}")))

    assert seen.said("t", "taskDefinition") == {"type": kind}
    assert seen.mappings("t") == {
        "to": '="a@example.org"',
        "text": '=string join(["Hi ", string(n)])',
    }
    assert ("handler_named", "flowable:type") in seen.rules()


def test_a_decision_task_asks_the_decision() -> None:
    seen = see(service('x:type="dmn"', field("decisionTableReferenceKey", "risk")))

    assert seen.kind("t") == "businessRuleTask"
    assert seen.said("t", "calledDecision")["decisionId"] == "risk"
    assert seen.rules(UNCONVERTED) == []


def test_form_properties_become_a_form() -> None:
    seen = see(
        file(
            '<userTask id="t">'
            + extended(
                '<x:formProperty id="days" name="天数" type="long" required="true"/>',
                '<x:formProperty id="why" name="原因" type="string" writable="false"/>',
                '<x:formProperty id="secret" readable="false"/>',
                '<x:formProperty id="sum" expression="#{a + b}"/>',
            )
            + "</userTask>",
            dialect="activiti",
        )
    )

    (content,) = seen.forms()
    form, findings = parse_form(content)
    assert findings == ()
    assert [(one.key, one.required, one.read_only) for one in form.fields] == [
        ("days", True, False),
        ("why", False, True),
        ("sum", False, False),
    ]
    assert seen.rules(UNCONVERTED) == [("field_left", "readable"), ("field_left", "expression")]


def test_bpmns_own_collection_and_owner_are_read_as_these_engines_read_them() -> None:
    owner = (
        "<potentialOwner><resourceAssignmentExpression><formalExpression>user(ann), group(OC)"
        "</formalExpression></resourceAssignmentExpression></potentialOwner>"
    )
    seen = see(
        file(
            f'<userTask id="t">{owner}<multiInstanceLoopCharacteristics>'
            "<loopDataInputRef>people</loopDataInputRef><inputDataItem name='who'/>"
            "</multiInstanceLoopCharacteristics></userTask>",
            dialect="activiti",
        )
    )

    said = {"candidateUsers": "ann", "candidateGroups": "OC"}
    assert seen.said("t", "assignmentDefinition") == said
    assert seen.said("t", "loopCharacteristics") == {
        "inputCollection": "=people",
        "inputElement": "who",
    }
    assert seen.rules(UNCONVERTED) == []


def test_a_call_that_inherits_variables_passes_them_on() -> None:
    seen = see(
        file(
            '<callActivity id="t" calledElement="q" x:inheritVariables="true" '
            'x:inheritBusinessKey="true" x:calledElementType="key"/>',
            dialect="flowable",
        )
    )

    assert seen.said("t", "calledElement")["propagateAllParentVariables"] == "true"
    assert seen.rules(NOTE) == [
        ("same_instance", "flowable:inheritBusinessKey"),
        ("left_out", "flowable:calledElementType"),
    ]


def test_what_skips_and_what_is_triggered_is_left_to_a_person() -> None:
    seen = see(service('x:class="C" x:skipExpression="${s}" x:triggerable="true"'))

    assert seen.rules(UNCONVERTED) == [
        ("setting_left", "flowable:skipExpression"),
        ("setting_left", "flowable:triggerable"),
    ]
