"""Owns who leads whom: the roles below a person, and the people in them."""

from sqlalchemy.orm import Session

from jiedan.core.actor import Actor
from jiedan.flow.owners import ROLE, USER
from jiedan.flow.platform import Flow


def roles_led(flow: Flow, actor: Actor) -> tuple[str, ...]:
    """Roles right below one that the actor holds, without those the actor holds too."""
    found = {below for below, above in flow.supervisors.items() if above in actor.roles}
    return tuple(sorted(found - actor.roles))


def team_owners(session: Session, flow: Flow, actor: Actor) -> tuple[str, ...]:
    """Whose work a lead watches: the roles below, and each person who holds one of them."""
    roles = roles_led(flow, actor)
    people: set[str] = set()
    if flow.holders_of is not None:
        for role in roles:
            people.update(flow.holders_of(session, role))
    people.discard(actor.login)
    return (*(ROLE + role for role in roles), *(USER + login for login in sorted(people)))


def leads(flow: Flow, actor: Actor, owners: tuple[str, ...]) -> bool:
    """Whether a task for these owners belongs to the actor's team."""
    led = {ROLE + role for role in roles_led(flow, actor)}
    return not led.isdisjoint(owners)
