"""The traps of the library under the engine, one test for each: what it does and what we do.

Where a trap stops an instance silently, the instance here goes on, or something says why not.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import jiedan
from jiedan.core.clock import MovableClock
from jiedan.dmn.errors import SeveralRulesMatch
from jiedan.flow.engine import (
    PENDING,
    DefinitionRefused,
    Live,
    Severity,
    compile_model,
    inspect,
)
from jiedan.flow.engine.formats import decode
from jiedan.flow.handlers import BpmnError, Context, Registry
from jiedan.flow.incidents import list_incidents
from jiedan.flow.instances import start_instance
from jiedan.flow.jobs import list_jobs
from jiedan.flow.messages import deliver_message, list_messages
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from tests.dmn.models import table_model
from tests.flow import diagrams
from tests.flow.conftest import CLERK
from tests.flow.engine.drawing import (
    boundary,
    catch,
    diagram,
    end,
    event_subprocess,
    flow,
    message,
    node,
    on,
    path,
    script,
    service,
    signal,
    start,
    throw,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import Play, Stage

Deployed = Callable[..., None]

LOOP = diagram(
    start(),
    xor("again"),
    user("work"),
    script("count", "n + 1", "n"),
    xor("enough", default="out"),
    user("after"),
    end(),
    path("begin", "again", "work", "count", "enough"),
    flow("enough", "again", when="n < 1200"),
    flow("enough", "after", id="out"),
    path("after", "done"),
)


OPENED = "\n".join(
    [
        diagrams.start(),
        diagrams.service("open_order", "orders.open", retries=2),
        diagrams.end(),
        diagrams.chain("begin", "open_order", "finish"),
    ]
)
"""A process of the platform with one handler."""


def turn(live: Live, stage: Stage, times: int) -> None:
    """Go round the loop."""
    for _ in range(times):
        live.complete_task(live.tokens()[0].task_id, {})
        live.run(stage)


def rules(xml: bytes) -> dict[str, str]:
    return {one.rule: one.element_id for one in inspect(xml) if one.severity is Severity.ERROR}


def used_in_our_code(*names: str) -> set[str]:
    """Which of these names our own modules use; comments and docstrings may speak of them."""
    used: set[str] = set()
    for file in Path(jiedan.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        if any(name in text for name in names):
            used |= names_in(ast.parse(text)) & set(names)
    return used


def names_in(tree: ast.Module) -> set[str]:
    """All names and attributes that a module uses."""
    found = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    found |= {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    imported = (one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom))
    return found | {alias.name for one in imported for alias in one.names}


# --- it stops silently ---------------------------------------------------------------------------


def test_trap_01_a_loop_goes_on_beyond_a_depth_of_a_thousand_tasks() -> None:
    stage = Stage()
    live = Live.start(compile_model({"p": LOOP}, "p"), {"n": 0}, stage)

    turn(live, stage, 1_200)

    assert [one.element.id for one in live.tokens()] == ["after"]
    turn(live, stage, 1)
    assert live.ended


def test_trap_02_a_flow_without_an_id_runs() -> None:
    xml = diagram(start(), user("look"), end(), path("begin", "look", "done"))
    bare = re.sub(rb'<bpmn:sequenceFlow id="[^"]*"', b"<bpmn:sequenceFlow", xml)

    play = Play(bare)
    play.complete("look")

    assert play.ended
    assert {one.rule for one in inspect(bare)} == {"flow_without_id"}


def test_trap_03_a_task_without_an_outgoing_flow_ends_the_instance() -> None:
    play = Play(diagram(start(), user("look"), path("begin", "look")))

    play.complete("look")

    assert play.ended


def test_trap_04_a_signal_end_event_throws_its_signal() -> None:
    signalled = end("done", on("signal", "s_closed"))
    play = Play(
        diagram(start(), signalled, path("begin", "done"), definitions=[signal("s_closed", "shut")])
    )

    assert play.thrown == [("signal", "shut", None)]
    assert play.ended


def test_trap_05_a_compensation_undoes_what_was_done() -> None:
    play = Play(
        diagram(
            start(),
            user("book"),
            boundary("undoing", "book", on("compensate")),
            user("unbook", isForCompensation="true"),
            '<bpmn:association id="a" sourceRef="undoing" targetRef="unbook"/>',
            end("done", on("compensate")),
            path("begin", "book", "done"),
        )
    )

    play.complete("book")

    assert play.at == ["unbook"]
    play.complete("unbook")
    assert play.ended


def test_trap_06_a_link_leads_from_its_throw_to_its_catch() -> None:
    link = '<bpmn:linkEventDefinition name="page two"/>'
    play = Play(
        diagram(
            start(),
            throw("off", link),
            catch("on", link),
            user("look"),
            path("begin", "off"),
            path("on", "look"),
        )
    )

    assert play.at == ["look"]


def test_trap_07_an_error_nobody_catches_becomes_an_incident(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("orders.open")
    def open_order(context: Context) -> None:
        raise BpmnError("NO_STOCK")

    deployed(order=OPENED)

    start_instance(flow, actor=CLERK, process_id="order")

    (incident,) = list_incidents(flow).items
    assert incident.element_id == "open_order"
    assert "NO_STOCK" in incident.message


def test_trap_08_a_table_says_when_nothing_or_too_much_matches_and_adds_up() -> None:
    rows = [(["> 1"], ["2"]), (["> 5"], ["3"])]
    unique = table_model(["n"], ["r"], rows)
    added = table_model(["n"], ["r"], rows, "COLLECT", aggregation="SUM")

    nothing = unique.decide("answer", {"n": 0})
    assert nothing.value is None
    assert nothing.warnings
    with pytest.raises(SeveralRulesMatch):
        unique.decide("answer", {"n": 9})
    assert added.decide("answer", {"n": 9}).value == 5


def test_trap_09_several_and_conditional_flows_leave_a_task() -> None:
    split = diagram(
        start(),
        user("look"),
        user("pack"),
        user("bill"),
        path("begin", "look"),
        flow("look", "pack"),
        flow("look", "bill", when="total > 0"),
    )
    paid, free = Play(split, {"total": 3}), Play(split, {"total": 0})

    paid.complete("look")
    free.complete("look")

    assert (paid.at, free.at) == (["bill", "pack"], ["pack"])


def test_trap_10_an_event_subprocess_sees_the_data_of_now_and_ends_with_the_process() -> None:
    play = Play(
        diagram(
            start(),
            user("count"),
            user("look"),
            end(),
            path("begin", "count", "look", "done"),
            event_subprocess(
                "asked",
                start("hears", on("message", "m"), isInterrupting="false"),
                script("answer", "n + 1", "told"),
                end("answered"),
                path("hears", "answer", "answered"),
            ),
            definitions=[message("m", "how many", key='"k"')],
        ),
        {"n": 1},
    )
    play.complete("count", n=41)

    play.deliver("how many", "k")

    assert play.variables["told"] == 42
    play.complete("look")
    assert play.ended


# --- it says the wrong thing ---------------------------------------------------------------------


def test_trap_11_an_exception_of_a_handler_keeps_its_own_words(
    flow: Flow, registry: Registry, deployed: Deployed
) -> None:
    @registry.handler("orders.open")
    def open_order(context: Context) -> dict[str, Any]:
        raise ValueError("the register is locked")

    deployed(order=OPENED)

    start_instance(flow, actor=CLERK, process_id="order")

    (job,) = list_jobs(flow).items
    assert job.element_id == "open_order"
    assert "ValueError: the register is locked" in (job.last_error or "")


@pytest.mark.parametrize("name", ["Start", "End", "Root", "p.EndJoin"])
def test_trap_12_an_element_may_have_an_id_that_the_library_uses(name: str) -> None:
    play = Play(diagram(start(), user(name), end(), path("begin", name, "done")))

    play.complete(name)

    assert play.ended


@pytest.mark.parametrize("reference", ["", ' messageRef="nowhere"'])
def test_trap_13_a_missing_message_is_refused_by_name_with_the_mend(reference: str) -> None:
    event = f"<bpmn:messageEventDefinition{reference}/>"
    xml = diagram(start(), catch("wait_for_it", event, name="等付款"), path("begin", "wait_for_it"))

    (finding,) = [one for one in inspect(xml) if one.severity is Severity.ERROR]

    assert (finding.element_id, finding.element_name) == ("wait_for_it", "等付款")
    assert (finding.rule, bool(finding.mend)) == ("no_message", True)
    with pytest.raises(DefinitionRefused):
        compile_model({"p": xml}, "p")


def test_trap_14_a_handler_may_be_called_like_its_element() -> None:
    stage = Stage()
    play = Play(
        diagram(start(), service("post_it", "post_it"), end(), path("begin", "post_it", "done")),
        stage=stage,
    )

    assert play.ended
    assert stage.calls == ["post_it"]


def test_trap_15_a_message_finds_who_waits_and_is_kept_where_nobody_does(
    flow: Flow, deployed: Deployed
) -> None:
    waits = catch("wait_for_it", on("message", "m"))
    play = Play(
        diagram(
            start(), waits, path("begin", "wait_for_it"), definitions=[message("m", "paid", '"A1"')]
        )
    )
    deployed(order="\n".join([diagrams.start(), diagrams.end(), diagrams.chain("begin", "finish")]))

    early = deliver_message(flow, actor=CLERK, name="paid", correlation_key="A1", payload={})

    assert not play.deliver("paid", "A2")
    assert play.deliver("paid", "A1")
    assert play.ended
    assert [one.name for one in list_messages(flow).items] == ["paid"]
    assert early is not None


def test_trap_16_rounds_by_number_collect_their_outputs() -> None:
    marker = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics outputCollection="stamps" outputElement="=stamp"/>'
        "</bpmn:extensionElements><bpmn:loopCardinality>3</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    play = Play(
        diagram(
            start(), user("stamp_it", marker), user("after"), path("begin", "stamp_it", "after")
        )
    )

    for number in range(3):
        play.complete("stamp_it", stamp=number)

    assert play.at == ["after"]
    assert play.variables["stamps"] == [0, 1, 2]


def test_trap_17_retries_of_a_service_task_are_tries(
    flow: Flow, registry: Registry, deployed: Deployed, clock: MovableClock
) -> None:
    tries = []

    @registry.handler("orders.open", external=True)
    def open_order(context: Context) -> dict[str, Any]:
        tries.append(1)
        if len(tries) < 2:
            raise RuntimeError("not yet")
        return {}

    deployed(order=OPENED)
    start_instance(flow, actor=CLERK, process_id="order")
    run_due(flow)
    clock.advance(timedelta(hours=1))
    run_due(flow)

    assert len(tries) == 2
    assert list_incidents(flow).items == ()


def test_trap_18_timers_fire_without_the_call_that_is_deprecated() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        play = Play(
            diagram(
                start(), catch("nap", timer("PT1H")), user("look"), path("begin", "nap", "look")
            )
        )
        play.wait(timedelta(hours=1))

    assert play.at == ["look"]
    assert [one for one in said if issubclass(one.category, DeprecationWarning)] == []
    assert used_in_our_code("refresh_waiting_tasks") == set()


# --- it is not safe ------------------------------------------------------------------------------


def test_trap_19_nothing_in_a_diagram_is_evaluated_as_python(tmp_path: Path) -> None:
    mark = tmp_path / "reached"
    command = f"__import__('os').system('touch {mark}')"
    reaching = diagram(start(), script("x", command, "got"), path("begin", "x"))
    scripted = diagram(
        start(),
        node("scriptTask", "x", f"<bpmn:script>{command}</bpmn:script>"),
        path("begin", "x"),
    )

    assert rules(reaching) == {"bad_expression": "x"}
    assert rules(scripted) == {"no_expression": "x"}
    assert not mark.exists()
    assert not used_in_our_code("PythonScriptEngine", "TaskDataEnvironment", "eval", "exec")


@pytest.mark.parametrize(
    ("rule", "head"),
    [
        ("doctype", '<!DOCTYPE d [<!ENTITY x "y">]>'),
        ("doctype", '<!DOCTYPE d SYSTEM "file:///etc/passwd">'),
        ("file_too_large", " " * (4 * 1024 * 1024)),
    ],
)
def test_trap_20_hostile_xml_is_refused_before_the_library_sees_it(rule: str, head: str) -> None:
    xml = head.encode() + diagram(start(), end(), path("begin", "done"))

    assert rules(xml) == {rule: ""}


# --- it slows down with history ------------------------------------------------------------------


def calls_of(work: Callable[[], Any]) -> int:
    """Python functions called: a clock that no other load disturbs."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_trap_21_a_step_and_a_save_cost_the_same_after_hundreds_of_turns() -> None:
    stage = Stage()
    live = Live.start(compile_model({"p": LOOP}, "p"), {"n": 100}, stage)

    def measured() -> tuple[int, int]:
        return calls_of(lambda: (turn(live, stage, 1), live.state())), len(live.state())

    turn(live, stage, 10)
    early = measured()
    turn(live, stage, 400)

    assert measured() == early


def test_trap_22_what_is_finished_is_forgotten_and_one_may_still_go_back_to_it() -> None:
    play = Play(
        diagram(
            start(), user("enter"), user("review"), end(), path("begin", "enter", "review", "done")
        )
    )
    play.complete("enter")
    assert play.standing == ["review"]

    play.live.move(play.waiting_ids("review")[0], "enter")
    play.run()

    assert play.at == ["enter"]
    play.complete("enter")
    play.complete("review")
    assert play.ended


def test_trap_23_what_may_come_is_not_stored() -> None:
    ahead = [user(f"step_{number}") for number in range(50)]
    xml = diagram(start(), *ahead, path("begin", *(f"step_{number}" for number in range(50))))
    live = Live.start(compile_model({"p": xml}, "p"), {}, Stage({"do": lambda call: PENDING}))

    stored = decode(live.state())

    assert [token[1] for token in stored["t"]] == ["step_0"]
