"""Owns whose a task is: owner strings `u:login` and `r:ROLE`."""

from collections.abc import Iterable

from jiedan.core.actor import Actor

USER, ROLE = "u:", "r:"


def owners_of(actor: Actor) -> tuple[str, ...]:
    """Everything that an actor answers to."""
    return (USER + actor.login, *(ROLE + role for role in sorted(actor.roles)))


def join_owners(users: Iterable[str], roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([ROLE + role for role in roles] + [USER + user for user in users]))


def logins_in(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[len(USER) :] for one in owners if one.startswith(USER))


def roles_in(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[len(ROLE) :] for one in owners if one.startswith(ROLE))
