"""What could be reached at best on this machine: the engine library alone, the disk alone."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.util.task import TaskState

CONTENT = Path(__file__).parent / "limit"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a second by the clock, and in a second of this process's own work.

    The second tells more when the machine does other things as well.
    """

    by_clock: float
    by_cpu: float


ORDER: dict[str, object] = {
    "number": "XS20260302-0001",
    "lines": [
        {"sku": f"P-{number}", "quantity": number, "price_fen": 100, "remark": "x" * 60}
        for number in range(8)
    ],
}
"""An order of eight lines as a process's variables: with it DESIGN §7 took its limit."""


def completions_in_memory(
    seconds: float = 3.0, *, variables: Mapping[str, object] | None = None
) -> Rate:
    """Completions of user tasks per second by SpiffWorkflow, which saves nothing."""
    parser = BpmnParser()
    parser.add_bpmn_file(str(CONTENT / "plain_order.bpmn"))
    spec = parser.get_spec("plain_order")
    done, began, spent = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        workflow = BpmnWorkflow(spec)
        if variables:
            workflow.get_next_task(state=TaskState.READY).data.update(variables)
        workflow.do_engine_steps()
        while not workflow.is_completed():
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.data["quantity"] = 7
            task.run()
            workflow.do_engine_steps()
            done += 1
    return Rate(done / (time.perf_counter() - began), done / (time.process_time() - spent))


def durable_commits(folder: Path, seconds: float = 2.0) -> float:
    """Commits per second of one changed row that wait for the disk."""
    connection = sqlite3.connect(folder / "commits.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, content BLOB)")
    connection.execute("INSERT INTO things VALUES (1, x'')")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        # SQLite writes nothing when the content stays the same.
        content = done.to_bytes(8, "big") * 125
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE things SET content = ? WHERE id = 1", (content,))
        connection.execute("COMMIT")
        done += 1
    rate = done / (time.perf_counter() - began)
    connection.close()
    return rate
