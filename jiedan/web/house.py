"""What every request is given: the house's parts, the person who acts, a right that is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import current_app, g

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden, NotFound, Unauthorized
from jiedan.core.platform import Platform
from jiedan.flow.platform import Flow
from jiedan.web.lookups import Lookups

P = ParamSpec("P")
R = TypeVar("R")
EXTENSION = "jiedan"


@dataclass(frozen=True, slots=True)
class House:
    """The parts that create_web was given."""

    flow: Flow
    platform: Platform
    lookups: Lookups


def house() -> House:
    """The parts of the application that answers this request."""
    return cast(House, current_app.extensions[EXTENSION])


def flow() -> Flow:
    return house().flow


def platform() -> Platform:
    return house().platform


def now() -> datetime:
    """The present moment of the house's clock."""
    return house().platform.clock.now()


def person() -> Actor:
    """Who acts. Raises Unauthorized when nobody is signed in."""
    found = g.get("actor")
    if found is None:
        raise Unauthorized
    return cast(Actor, found)


def for_roles(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A view for people who hold one of `roles`; others do not learn that it exists (404)."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not person().has_any(*roles):
                raise NotFound
            return view(*args, **kwargs)

        return guarded

    return guard


def open_to_all(view: Callable[P, R]) -> Callable[P, R]:
    """A view that needs no sign-in. Every other one does."""
    cast(Any, view).open_to_all = True
    return view


def only_in_demo() -> None:
    """Raises NotFound outside demo mode."""
    if not platform().settings.demo:
        raise NotFound


__all__ = [
    "EXTENSION",
    "Forbidden",
    "House",
    "flow",
    "for_roles",
    "house",
    "now",
    "only_in_demo",
    "open_to_all",
    "person",
    "platform",
]
