"""The conformance runner tells what became of each file, and what was in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiedan.flow.bpmn_conformance import run
from tests.flow.engine.drawing import (
    boundary,
    call,
    catch,
    diagram,
    each,
    end,
    error,
    flow,
    node,
    on,
    parallel,
    path,
    process,
    start,
    timer,
    user,
    xor,
)

LOOKED = (start(), user("look"), end(), path("begin", "look", "done"))
FOREIGN = (
    diagram(
        start(),
        node("serviceTask", "java"),
        node("scriptTask", "groovy", "<bpmn:script>x = 1</bpmn:script>"),
        node("receiveTask", "await_it"),
        call("elsewhere", "not_in_this_file"),
        xor("which"),
        user("again"),
        path("begin", "java", "groovy", "await_it", "elsewhere", "which"),
        flow("which", "again", when="true", id="yes"),
        flow("which", "over", when="true", id="no"),
        path("again", "which"),
        end("over"),
    )
    .replace(b"=true</bpmn:conditionExpression>", b"${approved}</bpmn:conditionExpression>", 1)
    .replace(b"=true</bpmn:conditionExpression>", b"${!approved}</bpmn:conditionExpression>", 1)
)


def judge(folder: Path, xml: bytes) -> tuple[str, str]:
    """The last line and the report for a folder with one file."""
    (folder / "one.bpmn").write_bytes(xml)
    report = folder / "var" / "report.tsv"
    *_, last = run(folder, report)
    return last, report.read_text(encoding="utf-8").strip()


def test_a_sound_file_completes(tmp_path: Path) -> None:
    assert judge(tmp_path, diagram(*LOOKED)) == (
        "conformance: completed 1, refused 0, waiting 0, dead 0, crashed 0 of 1",
        "",
    )


def test_a_file_of_another_product_is_stubbed_and_completes(tmp_path: Path) -> None:
    last, report = judge(tmp_path, FOREIGN)

    assert report == ""
    assert last.startswith("conformance: completed 1,")


def test_a_refused_file_names_the_element(tmp_path: Path) -> None:
    last, report = judge(tmp_path, diagram(*LOOKED, node("complexGateway", "x")))

    assert last == "conformance: completed 0, refused 1, waiting 0, dead 0, crashed 0 of 1"
    assert report.startswith("refused\tone.bpmn\tx: The element x is of a kind")


def test_an_uncaught_error_waits_and_names_its_event(tmp_path: Path) -> None:
    xml = diagram(
        start(), end("bad", on("error", "e")), path("begin", "bad"), definitions=[error("e", "E")]
    )

    last, report = judge(tmp_path, xml)

    assert last == "conformance: completed 0, refused 0, waiting 1, dead 0, crashed 0 of 1"
    assert report == "waiting\tone.bpmn\tbad: error E is not caught"


def test_a_join_that_cannot_be_complete_is_dead(tmp_path: Path) -> None:
    xml = diagram(
        start(),
        xor("one_way"),
        parallel("meet"),
        path("begin", "one_way"),
        flow("one_way", "meet", when="true", id="a"),
        flow("one_way", "meet", when="false", id="b"),
    )

    last, report = judge(tmp_path, xml)

    assert last == "conformance: completed 0, refused 0, waiting 0, dead 1, crashed 0 of 1"
    assert report == "dead\tone.bpmn\tmeet"


@pytest.mark.parametrize(
    "extra",
    [
        [boundary("late", "look", timer("PT1H"), interrupting=False), end("x"), flow("late", "x")],
        [catch("later", timer(cycle="R/PT1H")), flow("look", "later")],
        [user("many", each("[1, 2, 3]")), flow("look", "many")],
    ],
    ids=["reminder", "timer", "rounds"],
)
def test_time_messages_and_rounds_are_driven_on(tmp_path: Path, extra: list[str]) -> None:
    last, report = judge(tmp_path, diagram(*LOOKED, *extra))

    assert report == ""
    assert last.startswith("conformance: completed 1,")


def test_every_process_of_a_file_counts(tmp_path: Path) -> None:
    broken = process(start("b2"), node("complexGateway", "x"), flow("b2", "x"), id="second")
    xml = diagram(*LOOKED).replace(b"</bpmn:definitions>", broken.encode() + b"</bpmn:definitions>")

    last, _ = judge(tmp_path, xml)

    assert last == "conformance: completed 0, refused 1, waiting 0, dead 0, crashed 0 of 1"
