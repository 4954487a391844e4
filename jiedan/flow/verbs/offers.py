"""Owns which verbs somebody may use now, for pages and the API."""

from __future__ import annotations

from uuid import UUID

from jiedan.core.actor import Actor
from jiedan.flow.current import bundle_of
from jiedan.flow.instance import load_instance
from jiedan.flow.owners import names_of
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.verbs.copying import takes_part
from jiedan.flow.verbs.refusing import decided_by_others
from jiedan.flow.verbs.settings import process_settings

RUNNING = (InstanceState.ACTIVE, InstanceState.INCIDENT)


def verbs_of_instance(flow: Flow, *, actor: Actor, instance_id: UUID) -> frozenset[str]:
    """Of an instance: `cancel`, `urge`, `copy`, `resubmit`, `comment`, as far as allowed now.

    For tasks see `OpenedTask.allowed_verbs` and `OpenedTask.reasons`.
    """
    with flow.platform.read() as session:
        instance = load_instance(session, instance_id)
        if not takes_part(session, instance, actor):
            return frozenset()
        bundle = bundle_of(session, flow, instance.bundle_id)
        settings = process_settings(bundle, instance.process_id)
        found = {"comment", "copy"}
        if instance.state in RUNNING:
            found.add("urge")
        if instance.started_by in names_of(actor):
            if instance.state.is_over:
                found.add("resubmit")
            elif instance.state in RUNNING and not (
                settings.cancel == "untouched" and decided_by_others(session, instance)
            ):
                found.add("cancel")
        return frozenset(found & (settings.verbs | {"comment"}))
