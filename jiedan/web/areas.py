"""The list of what there is to see: one package or module per area, each with a `blueprint`."""

from __future__ import annotations

from types import ModuleType

from jiedan.web import (
    account,
    api,
    catalogue,
    choices,
    customers,
    dashboard,
    demo,
    files,
    health,
    help,
    home,
    inbox,
    monitor,
    notices,
    order_links,
    orders,
    palette,
    phrases,
    portal,
    preferences,
    prints,
    signin,
    start,
    studio,
    task,
    verbs,
)


def areas() -> tuple[ModuleType, ...]:
    """Every area, in the order of registration. An area may also carry `NAVIGATION`."""
    return (
        preferences,
        signin,
        account,
        home,
        inbox,
        task,
        verbs,
        phrases,
        palette,
        start,
        orders,
        order_links,
        prints,
        portal,
        customers,
        catalogue,
        choices,
        dashboard,
        notices,
        files,
        health,
        help,
        monitor,
        studio,
        api,
        demo,
    )
