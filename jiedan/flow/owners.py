"""Owns whose a task is: owner strings `u:login` and `r:ROLE`."""

from collections.abc import Iterable

from jiedan.core.actor import Actor

USER, ROLE = "u:", "r:"


def owners_of(actor: Actor) -> tuple[str, ...]:
    """Everything that an actor answers to; of who stands in, what the other answers to."""
    return (USER + holder_of(actor), *(ROLE + role for role in sorted(actor.roles)))


def holder_of(actor: Actor) -> str:
    """Whose a task is that the actor takes: of whom he stands in for, if he does."""
    return actor.on_behalf_of or actor.login


def names_of(actor: Actor) -> tuple[str, ...]:
    """The logins whose tasks the actor may do."""
    return (actor.login,) if actor.on_behalf_of is None else (actor.login, actor.on_behalf_of)


def join_owners(users: Iterable[str], roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([ROLE + role for role in roles] + [USER + user for user in users]))


def logins_in(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[len(USER) :] for one in owners if one.startswith(USER))


def roles_in(owners: Iterable[str]) -> tuple[str, ...]:
    return tuple(one[len(ROLE) :] for one in owners if one.startswith(ROLE))
