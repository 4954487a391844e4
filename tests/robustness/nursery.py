"""A process that has loaded the product and forks a real server from itself on demand.

Each child opens the database, deploys, listens and dispatches as `jiedan serve` does, because it
runs that very command; only the loading of modules is saved, which a hundred starts could not
afford. The nursery reads one JSON order per line and answers with one line each:
`{"start": {…}}` → `{"pid": n}`; `{"reap": pid}` → `{"status": n}` when that child is dead.

An order to start may name the child's `Doom`, counted from the moment that it opens the database
or that it listens.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from typing import Any

from sqlalchemy.orm import configure_mappers

import jiedan.serving
from jiedan.cli import main
from jiedan.core.schema import load_tables
from tests.robustness import crash_handlers  # noqa: F401  registers them
from tests.robustness.doom import Doom


def serve(order: dict[str, Any]) -> None:
    """The child: `jiedan serve` or another command, with its end built in."""
    doom = Doom(**order["doom"]) if order.get("doom") else None
    if doom and doom.since == "start":
        doom.install()
    elif doom:
        # The last thing that a server does before it answers.
        listen = jiedan.serving._end_on_signals

        def listening() -> None:
            listen()
            doom.install()

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
                except BaseException:
                    traceback.print_exc()
                    raise
                finally:
                    os._exit(0)
            answer = {"pid": child}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    run()
