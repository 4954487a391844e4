"""What SpiffWorkflow's diagrams say, in Python and in elements of their own."""

from __future__ import annotations

from jiedan.flow.importing import UNCONVERTED
from tests.flow.importing.foreign import extended, file, see


def spiff(body: str, outside: str = "") -> bytes:
    return file(body, dialect="spiffworkflow", outside=outside)


def test_conditions_and_times_are_python() -> None:
    seen = see(
        spiff(
            '<sequenceFlow id="f" sourceRef="a" targetRef="b"><conditionExpression>'
            "total &gt; 9 and kind in ['a']</conditionExpression></sequenceFlow>"
            '<intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>"PT1H"'
            "</timeDuration></timerEventDefinition></intermediateCatchEvent>"
            '<intermediateCatchEvent id="e"><timerEventDefinition><timeDuration>timedelta(days=2)'
            "</timeDuration></timerEventDefinition></intermediateCatchEvent>"
        )
    )

    assert seen.text("f", "conditionExpression") == '=total > 9 and list contains(["a"], kind)'
    assert seen.text("c", "timeDuration") == "PT1H"
    assert seen.text("e", "timeDuration") == '=duration("P2D")'


def test_a_script_sets_one_variable_or_several() -> None:
    seen = see(
        spiff(
            '<scriptTask id="t"><script>total = a + b</script></scriptTask>'
            '<scriptTask id="u"><script>c = a * 2\nd = c + 1</script></scriptTask>'
        )
    )

    assert seen.said("t", "script") == {"expression": "=a + b", "resultVariable": "total"}
    assert seen.said("u", "script")["expression"] == "={c: a * 2, d: c + 1}"
    assert seen.mappings("u", "output") == {"c": "=values_of_u.c", "d": "=values_of_u.d"}


def test_an_operator_is_a_handler_a_decision_a_decision_and_words_are_documentation() -> None:
    operator = (
        '<x:serviceTaskOperator id="http/GetRequest" resultVariable="page"><x:parameters>'
        '<x:parameter id="url" type="str" value="\'https://example.org/\' + path"/>'
        "</x:parameters></x:serviceTaskOperator>"
    )
    seen = see(
        spiff(
            f'<serviceTask id="t">{extended(operator)}</serviceTask><businessRuleTask id="u">'
            + extended("<x:calledDecisionId>risk</x:calledDecisionId>")
            + '</businessRuleTask><manualTask id="v">'
            + extended("<x:instructionsForEndUser>Look twice</x:instructionsForEndUser>")
            + "</manualTask>"
        )
    )

    assert seen.said("t", "taskDefinition") == {"type": "http.GetRequest"}
    assert seen.mappings("t") == {"url": '="https://example.org/" + path'}
    assert seen.mappings("t", "output") == {"page": "=result"}
    assert seen.said("u", "calledDecision") == {"decisionId": "risk"}
    assert seen.text("v", "documentation") == "Look twice"
    assert seen.rules(UNCONVERTED) == []


def test_rounds_name_their_list_their_item_and_where_results_go() -> None:
    seen = see(
        spiff(
            '<userTask id="t"><multiInstanceLoopCharacteristics><loopDataInputRef>rows'
            "</loopDataInputRef><loopDataOutputRef>done</loopDataOutputRef>"
            '<inputDataItem id="row"/>'
            '<outputDataItem id="result"/></multiInstanceLoopCharacteristics></userTask>'
        )
    )

    assert seen.said("t", "loopCharacteristics") == {
        "inputCollection": "=rows",
        "inputElement": "row",
        "outputCollection": "done",
        "outputElement": "=result",
    }


def test_what_runs_before_and_after_and_foreign_forms_are_left_to_a_person() -> None:
    seen = see(
        spiff(
            '<userTask id="t">'
            + extended(
                "<x:preScript>a = 1</x:preScript>",
                "<x:properties>"
                '<x:property name="formJsonSchemaFilename" value="review-schema.json"/>'
                '<x:property name="formUiSchemaFilename" value="review-ui.json"/></x:properties>',
                "<x:unitTests/>",
            )
            + "</userTask>"
        )
    )

    assert seen.said("t", "formDefinition") == {"formId": "review"}
    assert seen.rules() == [
        ("form_left", "spiffworkflow:properties formJsonSchemaFilename"),
        ("script_left", "spiffworkflow:preScript"),
        ("left_out", "spiffworkflow:properties formUiSchemaFilename"),
        ("left_out", "spiffworkflow:unitTests"),
    ]
