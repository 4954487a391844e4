"""Owns the threads that external handlers run in: given up at their limit, counted, bounded."""

import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import timedelta
from typing import Any

from jiedan.core.logs import get_logger

log = get_logger(__name__)

MOST_OF_ONE = 8
"""Calls of one handler that may hang in this process before it is not called any more."""
MOST = 64
"""The same for all handlers together: each keeps a thread, and what it talks to, busy."""


class HandlerTooSlow(Exception):
    """The handler did not answer in time."""


class HandlersHang(Exception):
    """So many calls never came back that another would only hang too."""


class Watch:
    """Calls handlers, each in a thread of its own, and waits no longer than it may take.

    Python cannot end a thread. One that hangs is left alone: nobody waits for it, nobody listens
    to what it says in the end, and there are never more than a few.
    """

    def __init__(self, *, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._lock = threading.Lock()
        self._hanging: Counter[str] = Counter()

    def hanging(self) -> Mapping[str, int]:
        """How many calls hang now, by handler."""
        with self._lock:
            return {name: number for name, number in self._hanging.items() if number}

    def call(self, name: str, limit: timedelta, call: Callable[[], Any]) -> Any:
        """What `call` returns or raises. Raises HandlerTooSlow after `limit`, and HandlersHang
        without calling when too many earlier ones have not come back."""
        self._refuse_if_many_hang(name)
        one = _Call(name, _in_this_context(call), self)
        one.start()
        one.ended.wait(limit.total_seconds())
        if self._give_up(one):
            seconds = limit.total_seconds()
            error = HandlerTooSlow(f"no answer of {name} within {seconds:g} seconds")
            error.add_note(f"It hangs here:\n{one.stands_at()}")
            raise error
        if one.error is not None:
            raise one.error
        return one.answer

    def _refuse_if_many_hang(self, name: str) -> None:
        with self._lock:
            of_one, of_all = self._hanging[name], self._hanging.total()
        if of_one >= self._most_of_one:
            raise HandlersHang(
                f"{of_one} calls of {name} have not come back; it is not called again before one "
                "does or this process starts anew"
            )
        if of_all >= self._most:
            raise HandlersHang(
                f"{of_all} calls of handlers have not come back; none is called again before one "
                "does or this process starts anew"
            )

    def _give_up(self, one: "_Call") -> bool:
        """Count a call that has not ended; False when it has, after all."""
        with self._lock:
            if one.ended.is_set():
                return False
            one.given_up = True
            self._hanging[one.handler] += 1
            number = self._hanging[one.handler]
        log.warning("a handler hangs and is given up", handler=one.handler, hanging=number)
        return True

    def has_ended(self, one: "_Call") -> None:
        """Called in its thread."""
        with self._lock:
            one.ended.set()
            if not one.given_up:
                return
            self._hanging[one.handler] -= 1
        log.warning(
            "a handler answered after it was given up; nobody listened",
            handler=one.handler,
            seconds=round(time.monotonic() - one.began, 1),
            error=None if one.error is None else repr(one.error),
        )


class _Call(threading.Thread):
    """One call and what became of it."""

    def __init__(self, handler: str, call: Callable[[], Any], watch: Watch) -> None:
        super().__init__(name=f"handler {handler}", daemon=True)
        self.handler = handler
        self.began = time.monotonic()
        self.ended = threading.Event()
        self.given_up = False
        self.answer: Any = None
        self.error: BaseException | None = None
        self._call, self._watch = call, watch

    def run(self) -> None:
        try:
            self.answer = self._call()
        except BaseException as error:
            self.error = error
        finally:
            self._watch.has_ended(self)

    def stands_at(self) -> str:
        """Where it is now, for whoever has to find out why it does not go on."""
        frame = sys._current_frames().get(self.ident or 0)
        return "".join(traceback.format_stack(frame)) if frame is not None else "(it just ended)"


def _in_this_context(call: Callable[[], Any]) -> Callable[[], Any]:
    """`call` with what this thread knows: its language, what its log entries are about."""
    context = copy_context()
    return lambda: context.run(call)
