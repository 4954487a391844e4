"""What the check says about a diagram: refused by name, repaired, or doubtful."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jiedan.flow.engine
from jiedan.flow.engine import DefinitionRefused, Live, Severity, compile_model, inspect
from tests.flow.engine.drawing import (
    boundary,
    call,
    catch,
    diagram,
    end,
    event_subprocess,
    file,
    flow,
    message,
    node,
    on,
    path,
    process,
    script,
    service,
    start,
    subprocess,
    throw,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import Play, Stage

SOUND = (start(), user("look", name="看一看"), end(), path("begin", "look", "done"))


def rules(xml: bytes, severity: Severity | None = None) -> dict[str, str]:
    """Rule → element id."""
    found = inspect(xml)
    return {one.rule: one.element_id for one in found if severity in (None, one.severity)}


def test_a_sound_diagram_has_no_findings() -> None:
    assert inspect(diagram(*SOUND)) == []


def test_a_finding_names_the_element_its_label_the_rule_and_the_mend() -> None:
    (finding,) = inspect(
        diagram(*SOUND, node("serviceTask", "post_it", name="过账"), flow("look", "post_it"))
    )

    assert (finding.element_id, finding.element_name) == ("post_it", "过账")
    assert (finding.rule, finding.severity) == ("no_handler", Severity.ERROR)
    assert finding.message % finding.params == "The service task 过账 names no handler."
    assert finding.mend == "Choose a handler in its properties."
    assert finding.process_id == "p"


@pytest.mark.parametrize(
    ("rule", "element", "parts"),
    [
        ("no_handler", "x", [node("serviceTask", "x")]),
        ("nothing_to_send", "x", [node("sendTask", "x")]),
        ("no_decision", "x", [node("businessRuleTask", "x")]),
        ("no_expression", "x", [node("scriptTask", "x", "<bpmn:script>1+1</bpmn:script>")]),
        ("no_called_process", "x", [node("callActivity", "x")]),
        ("no_message", "x", [node("receiveTask", "x")]),
        ("no_message", "x", [catch("x", on("message", "unknown"))]),
        ("no_signal", "x", [throw("x", on("signal"))]),
        ("no_error_code", "x", [end("x", on("error"))]),
        ("no_escalation_code", "x", [throw("x", on("escalation"))]),
        ("no_time", "x", [catch("x", "<bpmn:timerEventDefinition/>")]),
        ("bad_time", "x", [catch("x", timer("four hours"))]),
        ("no_condition", "x", [catch("x", "<bpmn:conditionalEventDefinition/>")]),
        ("no_trigger", "x", [catch("x")]),
        ("several_triggers", "x", [catch("x", timer("PT1H"), timer("PT2H"))]),
        ("trigger_misplaced", "x", [catch("x", on("error"))]),
        ("link_nowhere", "x", [throw("x", '<bpmn:linkEventDefinition name="a"/>')]),
        ("not_supported", "x", [node("complexGateway", "x")]),
        ("no_collection", "x", [user("x", "<bpmn:multiInstanceLoopCharacteristics/>")]),
        ("loop_without_end", "x", [user("x", "<bpmn:standardLoopCharacteristics/>")]),
        ("triggered_start_inside", "s", [subprocess("x", start("s", timer("PT1H")))]),
        ("bad_expression", "x", [script("x", "1 +", "a")]),
        ("event_gateway_empty", "x", [node("eventBasedGateway", "x")]),
    ],
)
def test_an_element_that_cannot_run_is_refused_by_name(
    rule: str, element: str, parts: list[str]
) -> None:
    xml = diagram(*SOUND, *parts, flow("look", "x"))

    assert rules(xml, Severity.ERROR).get(rule) == element
    with pytest.raises(DefinitionRefused) as refusal:
        compile_model({"p": xml}, "p")
    assert rule in {one.rule for one in refusal.value.findings}


@pytest.mark.parametrize(
    ("rule", "element", "parts"),
    [
        ("not_attached", "x", [boundary("x", "nowhere", timer("PT1H"))]),
        ("not_attached", "x", [boundary("x", "begin", timer("PT1H"))]),
        ("cancel_without_transaction", "x", [boundary("x", "look", on("cancel"))]),
        ("no_undoing_step", "x", [boundary("x", "look", on("compensate"))]),
        ("flow_target_missing", "look_to_gone", [flow("look", "gone")]),
        ("flow_into_start", "begin", [flow("look", "begin")]),
        ("flow_out_of_end", "done", [flow("done", "look")]),
        ("several_starts", "again", [start("again"), flow("again", "look")]),
        ("event_subprocess_start", "x", [event_subprocess("x", start("s"))]),
        ("id_twice", "look", [user("look")]),
        (
            "event_gateway_target",
            "x",
            [node("eventBasedGateway", "g"), user("x"), flow("look", "g"), flow("g", "x")],
        ),
        (
            "flow_without_condition",
            "g_to_b",
            [xor("g"), user("a"), user("b"), flow("look", "g"), flow("g", "a"), flow("g", "b")],
        ),
    ],
)
def test_what_is_drawn_wrong_is_refused_by_name(rule: str, element: str, parts: list[str]) -> None:
    assert rules(diagram(*SOUND, *parts), Severity.ERROR).get(rule) == element


@pytest.mark.parametrize(
    ("rule", "element", "parts"),
    [
        ("manual_task_passed", "x", [node("manualTask", "x"), flow("look", "x")]),
        ("unreachable", "x", [user("x")]),
        (
            "value_dropped",
            "x",
            [
                node("scriptTask", "x", extension='<zeebe:script expression="=1"/>'),
                flow("look", "x"),
            ],
        ),
        (
            "setting_ignored",
            "x",
            [user("x", extension="<zeebe:executionListeners/>"), flow("look", "x")],
        ),
        ("empty_subprocess", "x", [subprocess("x"), flow("look", "x")]),
        ("boundary_leads_nowhere", "x", [boundary("x", "look", timer("PT1H"))]),
        (
            "setting_ignored",
            "x",
            [user("x", extension="<zeebe:unheardOf/>"), flow("look", "x")],
        ),
        (
            "no_default",
            "g",
            [
                xor("g"),
                user("a"),
                user("b"),
                flow("look", "g"),
                flow("g", "a", when="x = 1"),
                flow("g", "b", when="x = 2"),
            ],
        ),
    ],
)
def test_what_is_doubtful_is_warned_about(rule: str, element: str, parts: list[str]) -> None:
    xml = diagram(*SOUND, *parts)

    assert rules(xml, Severity.WARNING).get(rule) == element
    compile_model({"p": xml}, "p")


def test_a_message_for_any_instance_is_warned_about_but_not_at_the_start_of_a_process() -> None:
    xml = diagram(
        start("begin", on("message", "m_order")),
        catch("paid", on("message", "m_paid")),
        path("begin", "paid"),
        definitions=[message("m_order", "order placed"), message("m_paid", "paid")],
    )

    assert rules(xml) == {"no_correlation_key": "paid"}


def test_repairs_are_told() -> None:
    xml = file(
        process(
            "<bpmn:userTask name='nameless'/>",
            user("look"),
            xor("g"),
            user("a"),
            user("b"),
            '<bpmn:sequenceFlow sourceRef="look" targetRef="g"/>',
            flow("g", "a", when="x = 1"),
            flow("g", "b"),
        )
    )

    assert set(rules(xml, Severity.REPAIRED)) == {
        "element_without_id",
        "flow_without_id",
        "implicit_start",
        "flow_meant_as_default",
    }
    assert rules(xml, Severity.ERROR) == {}


def test_a_called_process_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DefinitionRefused) as refusal:
        compile_model({"p": diagram(start(), call("x", "nowhere"), path("begin", "x"))}, "p")

    assert refusal.value.findings[0].rule == "called_process_missing"
    assert refusal.value.findings[0].element_id == "x"


def test_an_unsound_process_beside_the_one_that_is_needed_does_no_harm() -> None:
    sound = diagram(*SOUND)
    broken = file(process(start(), node("serviceTask", "x"), path("begin", "x"), id="other"))

    model = compile_model({"a": sound, "b": broken}, "p")

    assert {element.id for element in model.elements()} == {"begin", "look", "done"}


# --- hostile files -------------------------------------------------------------------------------

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">&b;</bpmn:definitions>
"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE foo [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">&xxe;</bpmn:definitions>
"""


@pytest.mark.parametrize(
    ("rule", "xml"),
    [
        ("doctype", BOMB),
        ("doctype", OUTSIDE),
        ("doctype", OUTSIDE.decode().replace('<?xml version="1.0"?>', "").encode("utf-16")),
        ("not_xml", b"<bpmn:definitions"),
        ("not_xml", b""),
        ("not_bpmn", b"<html/>"),
        ("file_too_large", b" " * (5 * 1024 * 1024)),
        ("nested_too_deep", file(process("<bpmn:subProcess>" * 200 + "</bpmn:subProcess>" * 200))),
        ("too_many_elements", file(process(user("x") * 70_000))),
    ],
    ids=["bomb", "outside", "utf-16", "cut off", "nothing", "html", "large", "deep", "many"],
)
def test_a_hostile_file_is_refused(rule: str, xml: bytes) -> None:
    (finding,) = inspect(xml)

    assert finding.rule == rule
    assert finding.severity is Severity.ERROR


def test_three_thousand_elements_in_a_row_compile_and_run() -> None:
    names = [f"step_{number}" for number in range(3_000)]
    xml = diagram(start(), *[node("task", name) for name in names], path("begin", *names))

    live = Live.start(compile_model({"p": xml}, "p"), {}, Stage())

    assert live.ended
    assert live.changes().steps == 3_001


@pytest.mark.parametrize(
    "expression",
    ["().__class__.__base__.__subclasses__()", "__import__('os').system('true')"],
)
def test_python_is_not_an_expression(expression: str) -> None:
    xml = diagram(start(), script("x", expression, "got"), path("begin", "x"))

    assert rules(xml, Severity.ERROR) == {"bad_expression": "x"}


@pytest.mark.parametrize("expression", ['open("/etc/passwd")', '__import__("os")', "eval(text)"])
def test_pythons_functions_are_unknown(expression: str) -> None:
    play = Play(
        diagram(
            start(), script("x", expression, "got"), user("after"), path("begin", "x", "after")
        ),
        {"text": "1 + 1"},
    )

    assert play.variables["got"] is None


# --- words ---------------------------------------------------------------------------------------


def messages_in(source: str) -> Iterator[str]:
    """What the calls that make findings and failures say."""
    for call_ in ast.walk(ast.parse(source)):
        name = call_.func.id if isinstance(call_, ast.Call) and hasattr(call_.func, "id") else ""
        if name not in {"say", "warn", "refused", "_repaired", "ElementFailed"}:
            continue
        for argument in call_.args:
            for part in ast.walk(argument):
                if isinstance(part, ast.Constant) and " " in str(part.value).strip(" |"):
                    yield part.value


def test_every_message_is_translated() -> None:
    engine = Path(jiedan.flow.engine.__file__).parent
    catalogue = engine.parents[1] / "locale" / "zh_CN" / "engine.po"
    known = set(re.findall(r'^msgid "(.+)"$', catalogue.read_text(encoding="utf-8"), re.M))
    sources = [one.read_text(encoding="utf-8") for one in engine.rglob("*.py")]

    said = {message for source in sources for message in messages_in(source)}

    assert len(said) > 100
    assert said - known == set()


def test_services_are_called_by_their_dotted_names_only() -> None:
    assert rules(diagram(*SOUND, service("x"), flow("look", "x")), Severity.ERROR) == {}
