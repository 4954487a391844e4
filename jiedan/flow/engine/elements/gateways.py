"""Gateways: which way, how many ways, and waiting for each other."""

from __future__ import annotations

from collections import Counter

from jiedan.flow.engine.elements.base import Element, no_way_out
from jiedan.flow.engine.spec import Flow
from jiedan.flow.engine.tokens import WAITING, TokenTask


class ExclusiveGateway(Element):
    """One way: the first flow whose condition holds, else the default."""

    def choose(self, task: TokenTask) -> tuple[Flow, ...]:
        fallback = None
        for flow in self.flows:
            if flow.is_default or flow.condition is None:
                # A single flow without a condition is meant as the default (and so reported).
                fallback = flow if flow.is_default or fallback is None else fallback
            elif self.holds(task, flow):
                return (flow,)
        if fallback is None:
            raise no_way_out(self)
        return (fallback,)


class Joining(Element):
    """A gateway where tokens wait for each other.

    The first to arrive becomes the holder and counts the arrivals by sequence flow; the others
    merge into it. Nothing that was executed before is looked at, so it may be forgotten.
    """

    def _update(self, my_task: TokenTask) -> None:
        flow = my_task.came_by
        if len(self.incoming) <= 1 or flow is None:
            my_task._ready()
            return
        workflow = my_task.workflow
        holder = workflow.joins.get(self.name)
        if holder is None:
            self._hold(my_task, {flow: 1})
            holder = my_task
        else:
            arrivals = holder.internal_data["a"]
            arrivals[flow] = arrivals.get(flow, 0) + 1
            workflow.forget(my_task)
        if len(holder.internal_data["a"]) == len(self.incoming):
            self.release(holder)

    def _hold(self, task: TokenTask, arrivals: dict[str, int]) -> None:
        task.internal_data["a"] = arrivals
        task._state = WAITING
        task.workflow.joins[self.name] = task
        self.arrive(task)

    def release(self, task: TokenTask) -> None:
        """Go on, with one token of each flow; what is left over waits for the next round."""
        workflow = task.workflow
        del workflow.joins[self.name]
        left = Counter(task.internal_data.pop("a"))
        left.subtract(dict.fromkeys(left, 1))
        task._ready()
        rest = {flow: count for flow, count in left.items() if count > 0}
        if rest:
            self._hold(workflow.spawn(self), rest)

    def nothing_to_wait_for(self, task: TokenTask) -> bool:
        return len(task.internal_data["a"]) == len(self.incoming)


class ParallelGateway(Joining):
    """All ways; waits for a token on every incoming flow."""

    def set_flows(self, flows, incoming) -> None:  # type: ignore[no-untyped-def]
        """Conditions on the flows of a parallel gateway mean nothing."""
        super().set_flows(flows, incoming)
        self.has_conditions = False


class InclusiveGateway(Joining):
    """Every way whose condition holds; waits for whatever can still arrive (BPMN 2.0 §13.3.3)."""

    may_be_forced = True

    def nothing_to_wait_for(self, task: TokenTask) -> bool:
        workflow = task.workflow
        full = set(task.internal_data["a"])
        empty = {flow.id for flow in self.incoming} - full
        if not empty:
            return True
        for other in workflow.tasks.values():
            if other is task or "l" in other.internal_data:
                continue  # a listener is no token; what it listens for counts with its activity
            reach = workflow.spec.reachable_flows(other.task_spec.name, self.name)
            if reach & empty and not reach & full:
                return False
        return True

    def choose(self, task: TokenTask) -> tuple[Flow, ...]:
        if len(self.flows) == 1 and self.flows[0].condition is None:
            return self.flows
        return super().choose(task)


class EventBasedGateway(Element):
    """Waits for the first of several events; the others are withdrawn."""

    def enter(self, task: TokenTask) -> None:
        specs = task.workflow.spec.task_specs
        for flow in self.flows:
            listener = task.workflow.spawn(specs[flow.target], task, came_by=flow.id)
            listener.internal_data["l"] = 1
            listener._ready()

    def won(self, task: TokenTask, winner: TokenTask) -> None:
        """One event came: its token goes on, the gateway and the other events are left."""
        winner.detach()
        del winner.internal_data["l"]
        workflow = task.workflow
        journal = workflow.top_workflow.journal
        journal.flows.append((self.ref.process_id, winner.came_by))
        task.chosen = ()
        task.complete()
