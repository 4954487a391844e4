"""Owns what stays in memory between steps: live instances by revision, models by bundle."""

import threading
from collections import OrderedDict
from typing import Any, Generic, TypeVar
from uuid import UUID

Key = TypeVar("Key")
Value = TypeVar("Value")


class Lru(Generic[Key, Value]):
    """A bounded mapping that forgets what was not used for longest. Safe between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._items: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            value = self._items.get(key)
            if value is not None:
                self._items.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._items[key] = value
            self._items.move_to_end(key)
            while len(self._items) > self._size:
                self._items.popitem(last=False)

    def take(self, key: Key) -> Value | None:
        """Get and forget: what is being changed belongs to one step only."""
        with self._lock:
            return self._items.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._items.clear()

    def __len__(self) -> int:
        return len(self._items)


class Caches:
    """The caches of one Flow; everything in them can be rebuilt from the database."""

    def __init__(self, *, instances: int = 2000, models: int = 64) -> None:
        self.live: Lru[UUID, tuple[int, Any]] = Lru(instances)
        self.models: Lru[int, Any] = Lru(models)
        self.decisions: Lru[str, Any] = Lru(256)
        self.forms: Lru[str, Any] = Lru(256)
        self.current: Lru[str, Any] = Lru(8)
        """What is deployed, by the newest deployment's id."""
