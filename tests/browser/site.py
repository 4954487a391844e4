"""Serves an application on a free port of this machine, by the server that the product uses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress import create_server, wasyncore

THREADS = 6


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """The address of `app` while the block runs: `http://127.0.0.1:…`."""
    listener = socket.create_server(("127.0.0.1", 0))
    channels: dict[int, Any] = {}
    server = create_server(app, sockets=[listener], map=channels, threads=THREADS, ident=None)
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            wasyncore.loop(timeout=0.2, map=channels, count=1)

    thread = threading.Thread(target=work, name="site", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        thread.join(timeout=10)
        server.task_dispatcher.shutdown()
        wasyncore.close_all(channels, ignore_all=True)
        listener.close()
