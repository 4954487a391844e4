"""Measures FEEL and DMN, beside the two Python packages for FEEL that PyPI has.

The packages are installed into an environment of their own under var/, and only for this.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

from jiedan.dmn import Model, load_model
from jiedan.feel import compile_expression
from tests.bench.rows import Row, at_most, just

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "var" / "bench-feel-peers"
PACKAGES = ("pySFeel", "bkflow-feel")
EXPRESSION = "amount > 1000 and vip = true"
SCOPE = {"amount": 1200, "vip": True}
_PEER = """
import json, logging, time
logging.disable(logging.CRITICAL)
def best(call, turns=100):
    call()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(turns):
            call()
        times.append((time.perf_counter() - start) / turns * 1e6)
    return min(times)
found = {}
try:
    import pySFeel
    parser = pySFeel.SFeelParser()
    parser.sFeelParse("amount <- 1200")
    parser.sFeelParse("vip <- true")
    found["pySFeel"] = [best(lambda: parser.sFeelParse(EXPRESSION)),
                        bool(parser.sFeelParse(EXPRESSION)[1])]
except Exception as error:
    found["pySFeel"] = [None, repr(error)]
try:
    from bkflow_feel.api import parse_expression
    found["bkflow-feel"] = [best(lambda: parse_expression(EXPRESSION, SCOPE)),
                            parse_expression(EXPRESSION, SCOPE)]
except Exception as error:
    found["bkflow-feel"] = [None, repr(error)]
print(json.dumps(found))
"""


def microseconds(call: Callable[[], object], turns: int) -> float:
    """The time of one call: the best of twenty rounds of so many turns."""
    call()
    rounds = []
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(turns):
            call()
        rounds.append((time.perf_counter() - start) / turns * 1e6)
    return min(rounds)


def table_model(rules: int) -> Model:
    """A table of four inputs and so many rules, of which only the last but one takes our case."""
    inputs = ("amount", "kind", "score", "vip")
    data = "".join(f'<inputData id="{name}" name="{name}"/>' for name in inputs)
    needs = "".join(
        f'<informationRequirement><requiredInput href="#{name}"/></informationRequirement>'
        for name in inputs
    )
    columns = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in inputs
    )
    rows = "".join(
        f"<rule>{_cell(f'[{100 * row}..{100 * row + 99}]')}{_cell(chr(34) + 'A' + chr(34))}"
        f"{_cell(f'&gt;= {row}')}{_cell('-')}"
        f"<outputEntry><text>{row}</text></outputEntry></rule>"
        for row in range(rules - 1)
    )
    last = f"<rule>{_cell('-') * 4}<outputEntry><text>0</text></outputEntry></rule>"
    table = (
        f'<decisionTable hitPolicy="FIRST">{columns}<output name="x"/>{rows}{last}</decisionTable>'
    )
    xml = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="bench" '
        f'id="bench" name="bench">{data}<decision id="it" name="it">{needs}{table}</decision>'
        "</definitions>"
    )
    return load_model(xml.encode())


def _cell(text: str) -> str:
    return f"<inputEntry><text>{text}</text></inputEntry>"


def table_microseconds(rules: int, turns: int) -> float:
    """The time of one decision by a table of so many rules."""
    model = table_model(rules)
    case = {"amount": 100 * (rules - 2) + 50, "kind": "A", "score": 100_000, "vip": True}
    assert model.decide("it", case).fired[0].index == rules - 1
    return microseconds(lambda: model.decide("it", case), turns)


def peer_results() -> dict[str, tuple[float | None, object]]:
    """Package → microseconds for the same expression and its answer, or None and what failed."""
    python = PEERS / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(PEERS, with_pip=True)
    install = [str(python), "-m", "pip", "install", "-q", *PACKAGES]
    script = f"EXPRESSION = {EXPRESSION!r}\nSCOPE = {SCOPE!r}\n{_PEER}"
    try:
        subprocess.run(install, check=True, capture_output=True, timeout=180)
        done = subprocess.run(
            [str(python), "-W", "ignore", "-c", script],
            check=True,
            capture_output=True,
            timeout=180,
            cwd=PEERS,
        )
    except (subprocess.SubprocessError, OSError) as error:
        return dict.fromkeys(PACKAGES, (None, type(error).__name__))
    found = json.loads(done.stdout.splitlines()[-1])
    return {name: (value, answer) for name, (value, answer) in found.items()}


def measure() -> list[Row]:
    """All rows of this bench."""
    expression = compile_expression(EXPRESSION)
    ours = microseconds(lambda: expression.evaluate(SCOPE), 2000)
    rows = [
        at_most(f"FEEL: {EXPRESSION}", ours, 3, unit="µs"),
        at_most("DMN: table of 20 rules, 4 inputs", table_microseconds(20, 300), 60, unit="µs"),
        at_most("DMN: table of 1,000 rules", table_microseconds(1000, 300), 1000, unit="µs"),
    ]
    for name, (value, answer) in peer_results().items():
        if value is None:
            rows.append(Row(f"the same by {name}", None, "µs", note=f"could not run: {answer}"))
        else:
            right = "" if answer is True else " (and answers wrong)"
            note = f"{value / ours:,.0f} times ours{right}"
            rows.append(just(f"the same by {name}", value, unit="µs", note=note))
    return rows


if __name__ == "__main__":
    from tests.bench.rows import table

    print(table(measure()))
