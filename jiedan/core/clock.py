"""What time it is: the only place that may ask the machine."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Tells the time; everything that needs a time is given one of these."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment as an aware UTC datetime."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that tests and the demo can set, freeze and push forward.

    Given a `start` it stands still there; without one it runs with the machine until told
    otherwise. Safe to share between threads.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta(0)
        self._frozen: datetime | None = None
        if start is not None:
            self._frozen = as_utc(start)

    def now(self) -> datetime:
        """The present moment of this clock as an aware UTC datetime."""
        frozen = self._frozen
        return frozen if frozen is not None else datetime.now(UTC) + self._offset

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen is not None

    def advance(self, by: timedelta) -> datetime:
        """Push the clock forward (or back) by `by`; returns the new time."""
        with self._lock:
            if self._frozen is not None:
                self._frozen += by
            else:
                self._offset += by
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Set the clock to `moment`; a frozen clock stays frozen, a running one runs on."""
        with self._lock:
            if self._frozen is not None:
                self._frozen = as_utc(moment)
            else:
                self._offset = as_utc(moment) - datetime.now(UTC)
        return self.now()

    def freeze(self, moment: datetime | None = None) -> datetime:
        """Stop the clock now, or at `moment`."""
        with self._lock:
            self._frozen = as_utc(moment) if moment is not None else self.now()
        return self.now()

    def run(self) -> datetime:
        """Let a frozen clock run on from where it stands."""
        with self._lock:
            if self._frozen is not None:
                self._offset = self._frozen - datetime.now(UTC)
                self._frozen = None
        return self.now()


def as_utc(moment: datetime) -> datetime:
    """`moment` in UTC; raises ValueError when it does not say its time zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)


def shanghai(moment: datetime) -> datetime:
    """`moment` as the wall clock in Shanghai shows it."""
    return as_utc(moment).astimezone(SHANGHAI)
