"""Nothing that an import drops goes unreported, and hostile files are refused."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from jiedan.core.errors import JiedanError
from jiedan.core.i18n import gettext, use_locale
from jiedan.flow.content.xml import XML_LIMIT, parse_xml
from jiedan.flow.importing import import_diagram
from jiedan.flow.importing.rules import RULES
from tests.flow.importing.foreign import DIALECTS, extended, file, see

KINDS = (
    *("userTask", "serviceTask", "sendTask", "businessRuleTask", "scriptTask", "callActivity"),
    *("startEvent", "endEvent", "sequenceFlow", "exclusiveGateway", "subProcess", "receiveTask"),
)
NAMES = (
    *("assignee", "candidateUsers", "candidateGroups", "dueDate", "followUpDate", "priority"),
    *("formKey", "formRef", "class", "delegateExpression", "expression", "type", "topic"),
    *("resultVariable", "resultVariableName", "decisionRef", "mapDecisionResult", "collection"),
    *("elementVariable", "asyncBefore", "exclusive", "jobPriority", "initiator", "skipExpression"),
    *("inheritVariables", "resource", "calledElementBinding", "somethingNew", "versionTag"),
)
VALUES = ("", "x", "${x}", "${a.b(c)}", "${", "dmn", "external", "true", "2030-01-01", "a b", "=1")


@st.composite
def settings(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    kind = draw(st.sampled_from(KINDS))
    names = draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True))
    return kind, {name: draw(st.sampled_from(VALUES)) for name in names}


@given(said=settings(), dialect=st.sampled_from(sorted(DIALECTS)))
def test_every_attribute_of_another_engine_has_a_row(
    said: tuple[str, dict[str, str]], dialect: str
) -> None:
    kind, attributes = said
    written = " ".join(f"x:{name}={quoteattr(value)}" for name, value in attributes.items())

    seen = see(file(f'<{kind} id="t" {written} sourceRef="a" targetRef="b"/>', dialect=dialect))

    told = {setting for _, setting in seen.rules()}
    assert {f"{dialect}:{name}" for name in attributes} <= told
    assert DIALECTS[dialect].encode() not in seen.imported.source


CHILDREN = {
    "executionListener": '<x:executionListener event="end" class="C"/>',
    "inputOutput": '<x:inputOutput><x:inputParameter name="a">1</x:inputParameter></x:inputOutput>',
    "in": '<x:in source="a" target="b"/>',
    "field": '<x:field name="a" stringValue="b"/>',
    "properties": '<x:properties><x:property name="a" value="b"/></x:properties>',
    "formData": '<x:formData><x:formField id="a" type="string"/></x:formData>',
    "connector": "<x:connector><x:connectorId>c</x:connectorId></x:connector>",
    "failedJobRetryTimeCycle": "<x:failedJobRetryTimeCycle>R3/PT1M</x:failedJobRetryTimeCycle>",
    "serviceTaskOperator": '<x:serviceTaskOperator id="o"/>',
    "somethingNew": "<x:somethingNew><x:inside/></x:somethingNew>",
}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("kind", KINDS)
def test_every_element_of_another_engine_has_a_row(kind: str, dialect: str) -> None:
    body = f'<{kind} id="t" sourceRef="a" targetRef="b">{extended(*CHILDREN.values())}</{kind}>'

    seen = see(file(body, dialect=dialect))

    # What is inside a connector or a list of parameters is named by its own name.
    inner = {"inputOutput": "inputParameter"}
    told = {setting.split(":")[1].split(" ")[0] for _, setting in seen.rules()}
    missing = {name for name in CHILDREN if not {name, inner.get(name)} & told}
    assert missing == set()


def test_each_kind_of_row_is_said_in_chinese() -> None:
    sentences = [text for rule in RULES.values() for text in (rule.problem, rule.mend) if text]
    with use_locale("zh-CN"):
        untranslated = [text for text in sentences if gettext(text) == text]

    assert untranslated == []


def test_settings_of_other_products_stay_and_are_named() -> None:
    content = file('<task id="t" xmlns:y="http://other.example" y:colour="red"/>').replace(
        b"<task", b'<extensionElements><y:look xmlns:y="http://other.example"/>'
        b"</extensionElements><task", 1
    )  # fmt: skip

    seen = see(content)

    assert b"other.example" in seen.imported.source
    assert [(row.rule, row.params["value"]) for row in seen.imported.rows] == [
        ("kept", "http://other.example")
    ]


def test_a_file_that_is_ours_already_stays_as_it_is() -> None:
    ours = see(file('<callActivity id="t" calledElement="q"/>', dialect="camunda")).imported.source

    again = import_diagram(ours, filename="ours.bpmn")

    assert again.rows == ()
    assert again.source == ours


def test_prefixes_that_values_use_are_kept() -> None:
    content = (
        file(
            '<sequenceFlow id="f" sourceRef="a" targetRef="b"><conditionExpression '
            'xsi:type="m:tFormalExpression">${a}</conditionExpression></sequenceFlow>'
        )
    ).replace(
        b"<definitions", b'<definitions xmlns:m="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    )

    root = parse_xml(import_diagram(content, filename="a.bpmn").source)

    assert "m" in root.nsmap
    assert root.nsmap["zeebe"] == "http://camunda.org/schema/zeebe/1.0"


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<definitions>&b;</definitions>"
)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (BOMB.encode(), "DOCTYPE_REFUSED"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "DOCTYPE_REFUSED"),
        (b"<definitions>" + b" " * XML_LIMIT, "FILE_TOO_LARGE"),
        (b"<a>" * 100 + b"</a>" * 100, "NESTED_TOO_DEEP"),
        (b"<definitions/>", "NOT_BPMN"),
        (b"not xml", "NOT_XML"),
        (b"", "NOT_XML"),
    ],
)
def test_hostile_and_other_files_are_refused_by_name(content: bytes, error: str) -> None:
    with pytest.raises(JiedanError) as refusal:
        import_diagram(content, filename="bad.bpmn")

    assert refusal.value.code == error


def test_nothing_in_a_diagram_reaches_python() -> None:
    seen = see(
        file(
            '<scriptTask id="t"><script>__import__("os").system("touch /tmp/x")</script>'
            "</scriptTask>",
            dialect="spiffworkflow",
        )
    )

    assert seen.said("t", "script") == {}
    assert [rule for rule, _ in seen.rules()] == ["script_left"]


def test_broken_files_are_refused_or_imported_and_never_break_the_import() -> None:
    whole = Path(__file__).with_name("foreign.py").read_bytes()  # noise to mix in
    sound = file(
        f'<serviceTask id="t" x:class="C">{extended(*CHILDREN.values())}</serviceTask>'
        '<userTask id="u" x:assignee="${a}"><multiInstanceLoopCharacteristics x:collection="c"/>'
        "</userTask>"
    )
    dice = random.Random(20260302)
    outcomes: Counter[str] = Counter()
    for _ in range(150):
        broken = bytearray(sound)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(broken))
            width = dice.choice((1, 4, 30))
            cut = dice.randrange(len(whole) - width)
            broken[at : at + width] = dice.choice((b"", whole[cut : cut + width]))
        try:
            imported = import_diagram(bytes(broken), filename="broken.bpmn")
        except JiedanError as refusal:
            outcomes[refusal.code] += 1
        else:
            etree.fromstring(imported.source)
            outcomes["imported"] += 1

    assert outcomes["imported"] > 0
    assert outcomes["NOT_XML"] > 0
