"""A process that has loaded the product and forks a real server from itself on demand.

Each child opens the database, deploys, listens and dispatches as `jiedan serve` does, because it
runs that very command; only the loading of modules is saved, which a hundred starts could not
afford. The nursery reads one JSON order per line and answers with one line each:
`{"start": {…}}` → `{"pid": n}`; `{"reap": pid}` → `{"status": n}` when that child is dead.

An order to start may name where the child kills itself: `{"at": "statement" | "commit" |
"committed", "number": n}` is the n-th time that this happens in its life, counted from the
moment that it opens the database (`"from": "start"`) or that it listens (`"from": "ready"`).
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import urllib.request
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.orm import configure_mappers

import jiedan.serving
from jiedan import Context, handler
from jiedan.cli import main
from jiedan.core.schema import load_tables


@handler("crash.book")
def book(context: Context, order: str) -> dict[str, Any]:
    """Leave a row in the step's own transaction."""
    context.notify(logins=("booker",), msgid=order, kind="booked")
    return {}


@handler("crash.send", external=True)
def send(context: Context, order: str) -> dict[str, Any]:
    """Tell the outside, which counts."""
    body = json.dumps({"order": order, "key": context.idempotency_key}).encode()
    with urllib.request.urlopen(os.environ["OUTSIDE"], body, timeout=10) as answer:
        return {"receipt": json.load(answer)["receipt"]}


class Doom:
    """Counts what the child does and ends it at the chosen one."""

    def __init__(self, at: str, number: int) -> None:
        self.at, self.left = at, number
        self._lock = threading.Lock()

    def count(self, what: str) -> None:
        if what != self.at:
            return
        with self._lock:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Begin to count."""
        original = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            self.count("commit")
            original(dialect, connection)
            self.count("committed")

        DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
        event.listen(Engine, "before_cursor_execute", lambda *_: self.count("statement"))


def serve(order: dict[str, Any]) -> None:
    """The child: `jiedan serve` or another command, with its end built in."""
    doom = order.get("doom")
    if doom and doom["from"] == "start":
        Doom(doom["at"], doom["number"]).install()
    elif doom:
        # The last thing that a server does before it answers.
        listen = jiedan.serving._end_on_signals

        def listening() -> None:
            listen()
            Doom(doom["at"], doom["number"]).install()

        jiedan.serving._end_on_signals = listening
    main(order["command"], standalone_mode=False)


def run() -> None:
    """Answer orders until there are no more."""
    load_tables()
    configure_mappers()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            answer = {"status": os.waitpid(order["reap"], 0)[1]}
        else:
            child = os.fork()
            if child == 0:
                try:
                    sys.stdin.close()
                    answers.close()
                    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                    serve(order["start"])
                finally:
                    os._exit(0)
            answer = {"pid": child}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    run()
