"""Another try of a use case that the database undid, so that two who wait for each other end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from jiedan.core.database import Undone
from jiedan.core.logs import get_logger

TRIES = 5
PAUSE = 0.02
"""Seconds; longer with each try."""

log = get_logger(__name__)
Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def again_if_undone(use_case: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Call it anew when the database chose its transaction to end a deadlock.

    For calls that are one transaction: what is not committed never happened.
    """

    @wraps(use_case)
    def repeated(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        for undone in range(1, TRIES):
            try:
                return use_case(*args, **kwargs)
            except Undone:
                log.info("undone by the database, tried again", call=use_case.__name__)
                # Whoever it met goes first: at once, both might meet again.
                time.sleep(random.uniform(0.5, 1) * PAUSE * undone)
        return use_case(*args, **kwargs)

    return repeated
