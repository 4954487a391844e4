"""The runner of the DMN compatibility kit, on a kit of our own."""

from pathlib import Path

import pytest

from jiedan.dmn.conformance import main, run_folder, same
from jiedan.feel import evaluate
from tests.dmn.models import decision, definitions, input_data, literal, requires, table

MODEL = definitions(
    input_data("n", "number"),
    input_data("who"),
    decision("double", literal("n * 2"), requires(["n"])),
    decision("third", literal("n / 3"), requires(["n"])),
    decision("pair", literal("{a: n, list: [n, null]}"), requires(["n"])),
    decision("hello", literal('"Hello " + who.name'), requires(["who"])),
    decision("two", table(["n"], ["x"], [(["> 1"], ["1"]), (["> 2"], ["2"])]), requires(["n"])),
    decision("broken", literal("1 +")),
    decision("day", literal('date("2026-03-02")')),
    '<decisionService id="s" name="service"><variable name="service"/>'
    '<outputDecision href="#double"/><inputData href="#n"/></decisionService>',
)


def case(
    name: str, inputs: str, expected: str, result: str, attributes: str = "", error: str = ""
) -> str:
    """A test case with one result."""
    return (
        f'<testCase id="{name}"{attributes}>{inputs}<resultNode name="{result}"{error}>'
        f"<expected>{expected}</expected></resultNode></testCase>"
    )


def value(kind: str, text: str) -> str:
    """A value with its type."""
    return f'<value xsi:type="xsd:{kind}">{text}</value>'


NIL = '<value xsi:nil="true"/>'
THREE = f'<inputNode name="n">{value("decimal", "3")}</inputNode>'
NAME = (
    f'<inputNode name="who"><component name="name">{value("string", "W")}</component></inputNode>'
)
PAIR = (
    f'<component name="a">{value("decimal", "3.0")}</component><component name="list"><list>'
    f"<item>{value('decimal', '3')}</item><item>{NIL}</item></list></component>"
)
SERVICE = ' type="decisionService" invocableName="service"'
ERROR = ' errorResult="true" type="decision"'
PASSING = [
    case("double", THREE, value("decimal", "6"), "double"),
    case("to a place", THREE, value("double", "1.00000000"), "third"),
    case("context", THREE, PAIR, "pair"),
    case("text", NAME, value("string", "Hello W"), "hello"),
    case("date", "", value("date", "2026-03-02"), "day"),
    case("service", THREE, value("decimal", "6"), "service", SERVICE),
    case("two rules", THREE, NIL, "two", "", ERROR),
    case("broken", "", NIL, "broken", "", ERROR),
]
FAILING = [
    case("wrong", THREE, value("decimal", "7"), "double"),
    case("unknown", "", value("decimal", "7"), "nothing"),
    case("wrong type", THREE, value("string", "6"), "double"),
]


def write_kit(folder: Path, cases: list[str]) -> None:
    """A folder as the kit has them."""
    place = folder / "level-2" / "0001-own"
    place.mkdir(parents=True)
    (place / "0001-own.dmn").write_bytes(MODEL)
    text = "".join(cases)
    (place / "0001-own-test-01.xml").write_text(
        '<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<modelName>0001-own.dmn</modelName>{text}</testCases>",
        "utf-8",
    )


def test_passing_cases_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_kit(tmp_path, PASSING)

    code = main([str(tmp_path)])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines == [
        "level-2/0001-own      8 of     8",
        "conformance: 8 of 8 test cases passed (100.0 %)",
    ]


def test_failing_cases_are_told_with_their_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    write_kit(tmp_path, [*PASSING, *FAILING])

    code = main([str(tmp_path)])

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[0] == "level-2/0001-own      8 of    11  *"
    assert lines[1] == ("FAILED level-2/0001-own 0001-own-test-01/wrong: double: expected 7, got 6")
    assert 'nothing: expected 7, got null (The model has no decision "nothing".)' in lines[2]
    assert lines[-1] == "conformance: 8 of 11 test cases passed (72.7 %)"


def test_a_model_that_cannot_be_read_fails_all_its_cases(tmp_path: Path):
    write_kit(tmp_path, PASSING[:2])
    (tmp_path / "level-2" / "0001-own" / "0001-own.dmn").write_bytes(b"<x/>")

    report = run_folder(tmp_path)

    assert [failure.reason[:25] for failure in report.failures] == ["the model cannot be used:"] * 2


def test_an_empty_folder_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "conformance: 0 of 0 test cases passed (0.0 %)\n"


@pytest.mark.parametrize(
    ("expected", "actual", "answer"),
    [
        ("1", "1.0", True),
        ("0.33", "1 / 3", False),
        ("0.333333333333", "1 / 3", True),
        ("null", "0", False),
        ("0", "null", False),
        ("[1, {a: 2}]", "[1, {a: 2}]", True),
        ("[1, 2]", "[1]", False),
        ("{a: 1}", "{a: 1, b: 2}", False),
        ('"1"', "1", False),
        ("true", "1", False),
        ('@"2026-03-02T00:00:00Z"', '@"2026-03-02T08:00:00+08:00"', True),
    ],
)
def test_results_are_compared_strictly(expected: str, actual: str, answer: bool):
    assert same(evaluate(expected), evaluate(actual)) is answer
