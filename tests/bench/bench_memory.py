"""What is large: many branches, rounds, levels and turns; each in a process of its own.

Run alone: `python -m tests.bench.bench_memory`. `python -m tests.bench.bench_memory NAME COUNT`
is what the child processes do.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from jiedan.core.actor import SYSTEM
from jiedan.core.settings import SOURCE_ROOT
from jiedan.flow.definitions import deploy
from jiedan.flow.instances import show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.tables import StateRow, TaskRow
from jiedan.flow.tasks import Answer, Completed, complete_task
from tests.bench.rows import Row, at_most, just
from tests.flow.diagrams import chain, diagram, end, parallel, service, start, user
from tests.flow.diagrams import flow as arrow
from tests.installation import CLERK, furnish

CONTENT = Path(__file__).parent / "content"
MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 30
"""What an instance may need at its largest, above what the program itself takes."""
LINEAR, SAVING = 13.0, 20.0
"""The work of ten times as many may be so many times as much; 100 would be quadratic. Where each
completion saves an instance with all the others still open, a part of it grows with them."""

EACH = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics "
    'inputCollection="=lines" inputElement="line" outputCollection="done" outputElement="=line"/>'
    "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a child process needed: seconds of its own work, bytes of memory and of state."""

    cpu: float
    peak: int
    state: int
    done: int


def measure() -> Iterable[Row]:
    for name, what, few, many, growth in (
        ("branches", "parallel branches of user tasks", 100, 1000, SAVING),
        ("rounds", "rounds of a multi-instance user task", 200, 2000, SAVING),
        ("machine_rounds", "rounds of a multi-instance service task", 200, 2000, LINEAR),
        ("levels", "called processes inside each other", 5, 50, LINEAR),
        ("turns", "turns of a loop", 500, 5000, LINEAR),
    ):
        less, more = _child(name, few), _child(name, many)
        yield at_most(f"{many:,} {what}: memory", more.peak / MEGABYTE, MOST_MEGABYTES, unit="MB")
        yield just(f"{many:,} {what}: largest state", more.state / 1024, unit="KB")
        yield at_most(
            f"{many:,} {what}: work ÷ that of {few:,}",
            more.cpu / less.cpu,
            growth,
            unit="",
            note=f"{more.cpu:.1f} s of work, {more.cpu / more.done * 1000:.2f} ms each",
        )


def _child(name: str, count: int) -> Taken:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_memory", name, str(count)],
        cwd=SOURCE_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Taken(**json.loads(answer.stdout.splitlines()[-1]))


# --- in a child process --------------------------------------------------------------------------
def take(name: str, count: int) -> Taken:
    """Run one scenario to its end."""
    with tempfile.TemporaryDirectory(prefix="jiedan-bench-") as folder:
        place, run = furnish(Path(folder), content=CONTENT), SCENARIOS[name]
        with place.flow() as flow:
            run(flow, 2)  # what is made once is no part of it
            before, began = _peak(), time.process_time()
            state, done = run(flow, count)
            return Taken(time.process_time() - began, _peak() - before, state, done)


def branches(flow: Flow, count: int) -> tuple[int, int]:
    """As many people as branches, one after the other."""
    ids = [f"part{number}" for number in range(count)]
    instance_id = _begun(
        flow,
        start(),
        parallel("split"),
        *(user(one, "OC") for one in ids),
        parallel("join"),
        end(),
        chain("begin", "split"),
        chain("join", "finish"),
        *(arrow("split", one) + arrow(one, "join") for one in ids),
    )
    return _all_completed(flow, instance_id)


def rounds(flow: Flow, count: int) -> tuple[int, int]:
    """A task for each line of a list."""
    body = (start(), user("pick", "OC", inner=EACH), end(), chain("begin", "pick", "finish"))
    return _all_completed(flow, _begun(flow, *body, lines=list(range(count))))


def machine_rounds(flow: Flow, count: int) -> tuple[int, int]:
    """The same for a machine: all in one step."""
    if "bench.pick" not in flow.registry.handlers:
        flow.registry.handler("bench.pick")(lambda context, line: {"picked": line})
    task = service("pick", "bench.pick").replace(
        "</bpmn:serviceTask>", f"{EACH}</bpmn:serviceTask>"
    )
    _begun(flow, start(), task, end(), chain("begin", "pick", "finish"), lines=list(range(count)))
    return 0, count


def levels(flow: Flow, count: int) -> tuple[int, int]:
    """A process that calls a process that calls a process … with a person at the bottom."""
    files = {}
    for number in range(count):
        inner = (
            user("work", "OC")
            if number == count - 1
            else '<bpmn:callActivity id="work"><bpmn:extensionElements><zeebe:calledElement '
            f'processId="level{number + 1}"/></bpmn:extensionElements></bpmn:callActivity>'
        )
        body = "\n".join([start(), inner, end(), chain("begin", "work", "finish")])
        files[f"level{number}.bpmn"] = diagram(f"level{number}", body)
    deploy(flow, actor=SYSTEM, files=files)
    instance_id = start_instance(flow, actor=CLERK, process_id="level0").instance_id
    state, _ = _all_completed(flow, instance_id)
    return state, count


def turns(flow: Flow, count: int) -> tuple[int, int]:
    """A person who does the same again and again."""
    instance_id = _begun(
        flow,
        start(),
        user("work", "OC"),
        '<bpmn:exclusiveGateway id="again" default="again_to_work"/>',
        end(),
        chain("begin", "work", "again"),
        arrow("again", "finish", "over = true"),
        arrow("again", "work"),
    )
    largest, task_id = 0, _first_task(flow, instance_id)
    for number in range(count):
        done = _complete(flow, task_id, {"over": number == count - 1})
        if done.next_tasks:
            task_id = done.next_tasks[0].task_id
        if number % 500 == 0:
            largest = max(largest, _state(flow, instance_id))
    assert show_instance(flow, instance_id=instance_id).item.state.is_over
    return largest, count


def _begun(flow: Flow, *body: str, **variables: object) -> UUID:
    deploy(flow, actor=SYSTEM, files={"bench.bpmn": diagram("bench", "\n".join(body))})
    return start_instance(flow, actor=CLERK, process_id="bench", variables=variables).instance_id


def _all_completed(flow: Flow, instance_id: UUID) -> tuple[int, int]:
    state = _state(flow, instance_id)
    with flow.platform.read() as session:
        wanted = select(TaskRow.id).where(TaskRow.instance_id == instance_id)
        ids = session.execute(wanted.order_by(TaskRow.id)).scalars().all()
    for task_id in ids:
        _complete(flow, task_id, {})
    assert show_instance(flow, instance_id=instance_id).item.state.is_over
    return state, len(ids)


def _first_task(flow: Flow, instance_id: UUID) -> UUID:
    return show_instance(flow, instance_id=instance_id).tasks[0].task_id


def _complete(flow: Flow, task_id: UUID, values: dict[str, object]) -> Completed:
    answer = Answer("done", values)
    return complete_task(flow, actor=CLERK, task_id=task_id, version=1, answer=answer)


def _state(flow: Flow, instance_id: UUID) -> int:
    with flow.platform.read() as session:
        wanted = select(StateRow.content).where(StateRow.instance_id == instance_id)
        return len(session.execute(wanted).scalar_one())


def _peak() -> int:
    """Bytes of memory that this process has needed at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SCENARIOS: dict[str, Callable[[Flow, int], tuple[int, int]]] = {
    "branches": branches,
    "rounds": rounds,
    "machine_rounds": machine_rounds,
    "levels": levels,
    "turns": turns,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asdict(take(sys.argv[1], int(sys.argv[2])))))
    else:
        from tests.bench.rows import table

        print(table(measure()))
