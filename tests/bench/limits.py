"""What could be reached at best on this machine: the engine library alone, the disk alone."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.util.task import TaskState

CONTENT = Path(__file__).parent / "limit"


def completions_in_memory(seconds: float = 3.0) -> float:
    """Completions of user tasks per second by SpiffWorkflow, which saves nothing."""
    parser = BpmnParser()
    parser.add_bpmn_file(str(CONTENT / "plain_order.bpmn"))
    spec = parser.get_spec("plain_order")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        workflow = BpmnWorkflow(spec)
        workflow.do_engine_steps()
        while not workflow.is_completed():
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.data["quantity"] = 7
            task.run()
            workflow.do_engine_steps()
            done += 1
    return done / (time.perf_counter() - began)


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
