"""The deploy check: each rule on the smallest diagram that breaks it, and on one that does not."""

from __future__ import annotations

import pytest

from jiedan.flow.content.check import Finding, Surroundings, check
from jiedan.flow.content.findings import ERROR
from jiedan.flow.content.xml import DoctypeRefused, NotXml, parse_xml
from jiedan.flow.handlers import Context, Registry
from tests.flow.diagrams import (
    chain,
    diagram,
    end,
    error_boundary,
    exclusive,
    service,
    start,
    user,
)
from tests.flow.diagrams import flow as arrow

REGISTRY = Registry()


@REGISTRY.handler("orders.open")
def open_order(context: Context, order_id: str, channel: str = "sales") -> dict:
    return {}


@REGISTRY.function("until")
def until(context: Context, name: str) -> str:
    return name


AROUND = Surroundings(
    registry=REGISTRY,
    processes=frozenset({"known_process"}),
    decisions=frozenset({"known_decision"}),
    forms=frozenset({"known_form"}),
    roles=frozenset({"OC", "SM"}),
)


def around(*parts: str) -> str:
    """A process that leads through these elements, whose first is called `it`."""
    return "\n".join([start(), *parts, end(), chain("begin", "it", "finish")])


def findings(body: str, **other: str) -> list[Finding]:
    files = {"order.bpmn": diagram("order", body)}
    files |= {f"{name}.bpmn": diagram(name, text) for name, text in other.items()}
    return check(files, around=AROUND)


def errors(body: str, **other: str) -> list[tuple[str, str | None]]:
    return [
        (one.rule, one.element_id)
        for one in findings(body, **other)
        if one.level == ERROR and one.file == "order.bpmn"
    ]


def call(process_id: str) -> str:
    return (
        '<bpmn:callActivity id="it"><bpmn:extensionElements>'
        f'<zeebe:calledElement processId="{process_id}"/></bpmn:extensionElements>'
        "</bpmn:callActivity>"
    )


def decide(decision_id: str) -> str:
    return (
        '<bpmn:businessRuleTask id="it"><bpmn:extensionElements>'
        f'<zeebe:calledDecision decisionId="{decision_id}" resultVariable="r"/>'
        "</bpmn:extensionElements></bpmn:businessRuleTask>"
    )


def into(source: str, target: str) -> str:
    return f'<zeebe:input source="{source}" target="{target}"/>'


SOUND = [
    pytest.param(user("it", "OC", form="known_form"), id="user task"),
    pytest.param(service("it", "orders.open"), id="service task"),
    pytest.param(service("it", "orders.open", io=into("=x", "order_id")), id="mapped input"),
    pytest.param(call("known_process"), id="call activity"),
    pytest.param(decide("known_decision"), id="decision"),
    pytest.param(user("it", "OC", due="=until(&quot;x&quot;)"), id="function of a handler"),
    pytest.param(user("it", "OC", due="=now() + duration(&quot;PT1H&quot;)"), id="built-in"),
    pytest.param(user("it", "=groups"), id="groups by expression"),
]
BROKEN = [
    pytest.param(service("it", "orders.close"), "handler_unknown", id="unknown handler"),
    pytest.param(
        user("it", "OC", listener="orders.gone"), "handler_unknown", id="unknown listener"
    ),
    pytest.param(user("it", "OC", load="orders.gone"), "handler_unknown", id="unknown loader"),
    pytest.param(
        service("it", "orders.open", io=into("=x", "channel")), "input_missing", id="input missing"
    ),
    pytest.param(user("it", "OC", form="other"), "form_unknown", id="unknown form"),
    pytest.param(user("it"), "owner_missing", id="no owner"),
    pytest.param(user("it", "OC,XX"), "role_unknown", id="unknown role"),
    pytest.param(call("other"), "process_unknown", id="unknown process"),
    pytest.param(decide("other"), "decision_unknown", id="unknown decision"),
    pytest.param(user("it", "OC", due="=until("), "bad_expression", id="not FEEL"),
    pytest.param(
        user("it", "OC", due="=untill(&quot;x&quot;)"), "function_unknown", id="unknown function"
    ),
]


@pytest.mark.parametrize("element", SOUND)
def test_what_can_run_is_not_refused(element: str) -> None:
    assert errors(around(element)) == []


@pytest.mark.parametrize(("element", "rule"), BROKEN)
def test_what_cannot_run_is_refused_with_its_element(element: str, rule: str) -> None:
    assert errors(around(element)) == [(rule, "it")]


def test_a_gateway_without_default_is_refused() -> None:
    body = [
        start(),
        '<bpmn:exclusiveGateway id="choose"/>',
        user("a", "OC"),
        user("b", "OC"),
        end(),
        chain("begin", "choose"),
        arrow("choose", "a", "x &gt; 1"),
        arrow("choose", "b", "x &lt; 1"),
        chain("a", "finish"),
        chain("b", "finish"),
    ]

    assert errors("\n".join(body)) == [("no_default", "choose")]
    body[1] = exclusive("choose", "b")
    body[7] = arrow("choose", "b")
    assert errors("\n".join(body)) == []


def test_a_node_that_no_flow_leads_to_is_refused() -> None:
    body = around(user("it", "OC")) + "\n" + user("lost", "OC")
    body += "\n" + chain("lost", "again", "lost") + user("again", "OC")

    assert errors(body) == [("unreachable", "lost"), ("unreachable", "again")]


def test_nodes_behind_boundary_events_and_in_event_subprocesses_are_reached() -> None:
    body = "\n".join(
        [
            '<bpmn:error id="e1" name="e" errorCode="NO_STOCK"/>',
            around(service("it", "orders.open")),
            error_boundary("short", "it", "e1"),
            user("find_stock", "OC"),
            end("stopped"),
            chain("short", "find_stock", "stopped"),
            '<bpmn:subProcess id="on_cancel" triggeredByEvent="true">',
            '<bpmn:startEvent id="cancelled"><bpmn:signalEventDefinition id="s1d" '
            'signalRef="s1"/></bpmn:startEvent>',
            user("tell", "OC"),
            end("told"),
            chain("cancelled", "tell", "told"),
            "</bpmn:subProcess>",
            '<bpmn:signal id="s1" name="cancel"/>',
        ]
    )

    assert errors(body) == []


THROWS = "\n".join(
    [
        '<bpmn:error id="e1" name="e" errorCode="REFUSED"/>',
        start(),
        end("refused", '<bpmn:errorEventDefinition id="e1d" errorRef="e1"/>'),
        chain("begin", "refused"),
    ]
)


def test_an_error_that_nobody_catches_is_refused() -> None:
    found = [one for one in findings(THROWS) if one.rule == "error_uncaught"]

    assert [(one.element_id, one.params["code"]) for one in found] == [("refused", "REFUSED")]


@pytest.mark.parametrize(("code", "rules"), [("REFUSED", []), ("OTHER", ["error_uncaught"])])
def test_an_error_is_caught_where_its_process_is_called(code: str, rules: list[str]) -> None:
    caller = "\n".join(
        [
            f'<bpmn:error id="e2" name="e" errorCode="{code}"/>',
            around(call("order")),
            error_boundary("caught", "it", "e2"),
            end("stopped"),
            chain("caught", "stopped"),
        ]
    )

    assert [rule for rule, _ in errors(THROWS, caller=caller)] == rules


def table(policy: str, *rows: str) -> bytes:
    rules = "".join(
        f'<rule id="r{n}"><inputEntry id="i{n}"><text>{row}</text></inputEntry>'
        f'<outputEntry id="o{n}"><text>"x"</text></outputEntry></rule>'
        for n, row in enumerate(rows)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" '
        'namespace="n"><decision id="level" name="level">'
        f'<decisionTable id="t" hitPolicy="{policy}"><input id="c">'
        '<inputExpression id="e"><text>amount</text></inputExpression></input>'
        f'<output id="o" name="level"/>{rules}</decisionTable></decision></definitions>'
    ).encode()


@pytest.mark.parametrize(
    ("content", "rules"),
    [
        (table("FIRST", "&lt; 5", "-"), []),
        (table("FIRST", "&lt; 5", "&gt;= 5"), ["table_open"]),
        (table("FIRST", "-", "&lt; 5", "-"), ["rows_hidden", "rows_hidden"]),
        (table("UNIQUE", "&lt; 5", "&gt;= 5"), []),
        (table("UNIQUE", "&lt;= 5", "&gt;= 5"), ["rows_overlap"]),
        (table("UNIQUE", '"a","b"', '"b"'), ["rows_overlap", "table_gap"]),
        (table("UNIQUE", "[1..5)", "[5..9]"), ["table_gap"]),
        (table("COLLECT", "&lt; 5", "&lt; 9"), []),
        (table("FIRST", "&lt; (", "-"), ["decision_unreadable"]),
        (b"<definitions/>", ["decision_unreadable"]),
    ],
)
def test_decision_tables_are_complete_and_do_not_contradict_themselves(
    content: bytes, rules: list[str]
) -> None:
    assert [one.rule for one in check({"level.dmn": content}, around=AROUND)] == rules


def test_a_finding_says_what_and_how_to_mend_it_in_both_languages() -> None:
    finding = next(
        one for one in findings(around(user("it", "OC", form="other"))) if one.level == ERROR
    )

    assert finding.text("en") == "“it” uses the form “other”, which does not exist."
    assert finding.advice("en") == "Choose another form, or draw this one."
    assert finding.text("zh") == "“it”使用的表单“other”不存在。"
    assert finding.advice("zh") == "请选择其他表单，或新建该表单。"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"<a>", NotXml),
        (b"", NotXml),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', DoctypeRefused),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>', DoctypeRefused),
    ],
)
def test_foreign_xml_is_opened_with_care(content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_xml(content)


def test_an_unreadable_file_is_a_finding_not_a_crash() -> None:
    files = {"a.bpmn": b"<bpmn", "b.dmn": b"", "c.form": b"{", "d.txt": b""}

    found = check(files, around=AROUND)

    assert {one.file for one in found if one.level == ERROR} == set(files)


def test_two_files_cannot_define_the_same_process() -> None:
    body = around(user("it", "OC"))
    files = {"a.bpmn": diagram("order", body), "b.bpmn": diagram("order", body)}

    found = [one for one in check(files, around=AROUND) if one.level == ERROR]

    assert [(one.rule, one.file) for one in found] == [("defined_twice", "b.bpmn")]
