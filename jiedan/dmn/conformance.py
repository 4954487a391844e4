"""Runs the test cases of the public DMN Technology Compatibility Kit found under a folder.

    python -m jiedan.dmn.conformance DIR

A folder of the kit holds one or more models (*.dmn) and test files (*.xml with `testCases`).
Printed are a table by folder, each failing test case with its reason, and a last line with the
total.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lxml import etree

from jiedan.dmn.definitions import Service
from jiedan.dmn.model import Model, load_model
from jiedan.dmn.xml import parse
from jiedan.feel.compare import equal
from jiedan.feel.errors import FeelError
from jiedan.feel.iso import parse_date, parse_date_time, parse_duration, parse_time
from jiedan.feel.show import literal
from jiedan.feel.values import number

_CLOSE = Decimal("1e-8")
"""Results that the kit gives with eight places or more were calculated with binary numbers; they
are compared to this difference, as the kit's own runner does. Shorter ones must be equal."""
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A test case that did not pass."""

    folder: str
    case: str
    reason: str


@dataclass(slots=True)
class Report:
    """What a run over a folder found."""

    passed: dict[str, int] = field(default_factory=dict)
    """Folder → test cases passed."""
    total: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, folder: str, case: str, reason: str | None) -> None:
        """Count a test case; `reason` is None when it passed."""
        self.total[folder] = self.total.get(folder, 0) + 1
        self.passed[folder] = self.passed.get(folder, 0) + (reason is None)
        if reason is not None:
            self.failures.append(Failure(folder, case, reason))

    def lines(self) -> Iterator[str]:
        """The report as text; its last line gives the total."""
        width = max([len(name) for name in self.total] or [0])
        for name in sorted(self.total):
            passed, total = self.passed[name], self.total[name]
            yield f"{name:<{width}}  {passed:>5} of {total:>5}{'' if passed == total else '  *'}"
        for failure in self.failures:
            yield f"FAILED {failure.folder} {failure.case}: {failure.reason}"
        passed, total = sum(self.passed.values()), sum(self.total.values())
        yield f"conformance: {passed} of {total} test cases passed ({percent(passed, total)} %)"


def percent(part: int, whole: int) -> str:
    """The share with one decimal, rounded down so that 100 means all."""
    return f"{(1000 * part // whole) / 10:.1f}" if whole else "0.0"


def run_folder(root: Path) -> Report:
    """Run every test file under the folder."""
    report = Report()
    for path in sorted(root.rglob("*.xml")):
        tests = _read_tests(path)
        if tests is not None:
            _run_file(tests, path, root, report)
    return report


def _read_tests(path: Path) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError:
        return None
    return root if _local(root) == "testCases" else None


def _run_file(tests: Any, path: Path, root: Path, report: Report) -> None:
    folder = str(path.parent.relative_to(root)) if path.parent != root else path.parent.name
    cases = list(_children(tests, "testCase"))
    name = next((_text(each) for each in _children(tests, "modelName")), "")
    try:
        model = _load(path.parent, name)
    except (FeelError, OSError) as error:
        for case in cases:
            report.add(folder, _name_of(path, case), f"the model cannot be used: {error}")
        return
    for case in cases:
        report.add(folder, _name_of(path, case), _run_case(model, case))


def _name_of(path: Path, case: Any) -> str:
    return f"{path.stem}/{case.get('id', '?')}"


def _load(folder: Path, name: str) -> Model:
    """The model of that file name, with all models beside it at hand for its imports."""
    imports = {}
    for path in sorted(folder.glob("*.dmn")):
        content = path.read_bytes()
        try:
            imports[parse(content).get("namespace", "")] = content
        except FeelError:
            continue
    found = folder / name.strip()
    if not found.is_file():
        found = next(iter(sorted(folder.glob("*.dmn"))), found)
    return load_model(found.read_bytes(), imports=imports, strict=False)


def _run_case(model: Model, case: Any) -> str | None:
    """The reason why the test case fails; None when it passes."""
    inputs = {each.get("name"): _value(each) for each in _children(case, "inputNode")}
    reasons = []
    for node in _children(case, "resultNode"):
        reason = _check(model, case, node, inputs)
        if reason is not None:
            reasons.append(reason)
    return "; ".join(reasons) or None


def _check(model: Model, case: Any, node: Any, inputs: dict[str, Any]) -> str | None:
    name = node.get("name", "")
    invocable = case.get("invocableName")
    target = invocable if invocable and case.get("type") != "decision" else name
    expected = next((_value(each) for each in _children(node, "expected")), None)
    problem = ""
    try:
        result = model.decide(target, inputs)
        actual = result.value
        problem = "; ".join(warning.text() for warning in result.warnings)
    except FeelError as error:
        actual, problem = None, str(error)
    if target != name and type(actual) is dict and name in actual and _has_many(model, target):
        actual = actual[name]
    if same(expected, actual):
        return None
    note = f" ({problem[:200]})" if problem else ""
    return f"{name}: expected {_show(expected)}, got {_show(actual)}{note}"


def _has_many(model: Model, name: str) -> bool:
    elements = model.library.elements.values()
    return any(isinstance(each, Service) and each.name == name and len(each.outputs) > 1
               for each in elements)  # fmt: skip


def _show(value: Any) -> str:
    return literal(value)[:200]


def same(expected: Any, actual: Any) -> bool:
    """Whether a result is the expected one; numbers to the places that the test file gives."""
    if type(expected) is Decimal and type(actual) is Decimal:
        return _same_number(expected, actual)
    if type(expected) is list and type(actual) is list:
        return len(expected) == len(actual) and all(map(same, expected, actual))
    if type(expected) is dict and type(actual) is dict:
        return expected.keys() == actual.keys() and all(
            same(value, actual[key]) for key, value in expected.items()
        )
    return equal(expected, actual) is True


def _same_number(expected: Decimal, actual: Decimal) -> bool:
    if expected == actual:
        return True
    exponent = expected.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > -8:
        return False
    return abs(expected - actual) <= _CLOSE


# -- values in test files ------------------------------------------------------------------------


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: Any, name: str) -> Iterator[Any]:
    return (child for child in element if _local(child) == name)


def _text(element: Any) -> str:
    return "".join(element.itertext())


def _value(element: Any) -> Any:
    """The value in an inputNode, expected, component or item."""
    components = list(_children(element, "component"))
    if components:
        return {each.get("name"): _value(each) for each in components}
    for child in element:
        if _local(child) == "value":
            return _simple(child)
        if _local(child) == "list":
            return [_value(item) for item in _children(child, "item")]
    return None


def _simple(element: Any) -> Any:
    if element.get(f"{_XSI}nil") in ("true", "1"):
        return None
    text = _text(element)
    kind = (element.get(f"{_XSI}type") or "string").rpartition(":")[2]
    reader = _READERS.get(kind)
    return text if reader is None else reader(text.strip())


def _number(text: str) -> Decimal | None:
    try:
        return number(text)
    except InvalidOperation:
        return None


_READERS = {
    "boolean": lambda text: text in ("true", "1"),
    "date": parse_date,
    "time": parse_time,
    "dateTime": parse_date_time,
    "duration": parse_duration,
    **dict.fromkeys(("decimal", "double", "float", "integer", "int", "long", "short"), _number),
}


def main(arguments: Sequence[str]) -> int:
    """Run the kit in the folder named; 0 when every test case passed."""
    if len(arguments) != 1:
        print("usage: python -m jiedan.dmn.conformance DIR", file=sys.stderr)
        return 2
    report = run_folder(Path(arguments[0]))
    for line in report.lines():
        print(line)
    return 0 if report.total and not report.failures else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
