"""Owns how an instance comes into being inside a transaction."""

from collections.abc import Mapping
from typing import Any

from jiedan.core import audit
from jiedan.core.ids import new_id
from jiedan.core.work import Work
from jiedan.flow.current import process_version
from jiedan.flow.handlers import plain
from jiedan.flow.instance import Instance
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.step import Step, begin_step


def begin(
    work: Work,
    flow: Flow,
    *,
    process_id: str,
    variables: Mapping[str, Any],
    business_key: str | None = None,
    message: str | None = None,
    signal: str | None = None,
    start_element: str | None = None,
) -> Step:
    """Start the newest version of a process and run it to its first wait state.

    Raises ProcessNotFound, also when a process that it calls is missing.
    """
    version, bundle_id = process_version(work.session, flow, process_id)
    instance = Instance(
        id=new_id(),
        process_id=process_id,
        bundle_id=bundle_id,
        version=version.version,
        business_key=business_key,
        title=None,
        summary=None,
        amount=None,
        state=InstanceState.ACTIVE,
        resume_state=None,
        revision=0,
        started_by=work.actor.login,
        started_at=work.now,
        suspended_at=None,
        halted_at=None,
    )
    audit.record(
        work,
        action="instance.start",
        entity=f"instance:{instance.id}",
        after={"process": process_id, "version": version.version},
    )
    return begin_step(
        work,
        flow,
        instance=instance,
        variables=plain(dict(variables)),
        message=message,
        signal=signal,
        start_element=start_element,
    )
