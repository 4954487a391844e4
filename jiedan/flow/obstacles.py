"""Owns how people read why an instance cannot go to another version."""

from collections.abc import Iterable, Mapping
from typing import Any

from jiedan.core.i18n import LazyText, gettext, lazy
from jiedan.flow.engine.matching import Obstacle

SENTENCES: Mapping[str, LazyText] = {
    "gone": lazy("“%(name)s” is not in the new version; choose what takes its place."),
    "other_kind": lazy("“%(name)s” is something else in the new version."),
    "other_scope": lazy("“%(name)s” lies in another subprocess in the new version."),
    "rounds_differ": lazy("“%(name)s” is repeated in another way in the new version."),
    "process_gone": lazy("The process of “%(name)s” is not called any more in the new version."),
    "compensating": lazy("“%(name)s” is just being undone; wait until that is over."),
    "compensation_lost": lazy("“%(name)s” could not be undone any more in the new version."),
    "arrival_lost": lazy("A branch has come to “%(name)s” that the new version does not have."),
    "never_joins": lazy("“%(name)s” would wait for a branch that can never come."),
    "not_evaluated": lazy("“%(name)s” cannot be set up: %(detail)s"),
    "does_not_load": lazy("The process instance does not fit the new version: %(detail)s"),
    "job_running": lazy("“%(name)s” is just being done by a machine; try again in a moment."),
    "suspended": lazy("“%(name)s” must begin anew; resume the process instance first."),
    "same_version": lazy("It runs on this version already."),
    "over": lazy("It has ended meanwhile."),
    "unreadable": lazy("Its stored state cannot be read: %(detail)s"),
    "failed": lazy("It could not be done: %(detail)s"),
    "moved_on": lazy("It was taken to yet another version meanwhile."),
}


def say(rule: str, name: str, detail: str) -> str:
    """One obstacle in words, in the language of the reader."""
    sentence = SENTENCES.get(rule, SENTENCES["failed"])
    return gettext(sentence.msgid, name=name, detail=detail)


def say_all(obstacles: Iterable[Obstacle]) -> str:
    """All of them, one after the other."""
    return " ".join(
        dict.fromkeys(
            say(one.rule, one.element.name or one.element.id, one.detail) for one in obstacles
        )
    )


def as_stored(obstacle: Obstacle) -> dict[str, Any]:
    return {
        "rule": obstacle.rule,
        "process": obstacle.element.process_id,
        "element": obstacle.element.id,
        "detail": obstacle.detail[:500],
    }
