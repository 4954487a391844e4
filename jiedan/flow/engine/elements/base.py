"""What every element does: be entered, wait or finish, map its variables, send tokens on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin

from jiedan.flow.engine.dialect import Extension, Term
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.engine.spec import Flow, ProcessSpec
from jiedan.flow.engine.tokens import READY, ElementFailed, TokenTask
from jiedan.flow.engine.values import Scope, plain, set_entry

if TYPE_CHECKING:
    from jiedan.flow.engine.elements.bodies import Body
    from jiedan.flow.engine.elements.events import BoundaryEvent
    from jiedan.flow.engine.elements.trigger import Trigger


class Element(BpmnSpecMixin):
    """A BPMN element. A token runs it in two halves, each of which can be tried again:

    `enter` answers the element's result, or None to wait for it; `leave` puts the result into
    variables; then flows are chosen and the token moves on.
    """

    is_item = False  # one round of a multi-instance body or loop
    is_event_subprocess = False
    may_be_forced = False
    may_be_begun = True  # an administrator may put a token here
    interrupting = True
    trigger: Trigger | None = None

    def __init__(
        self, wf_spec: ProcessSpec, name: str, *, ref: ElementRef, extension: Extension
    ) -> None:
        super().__init__(wf_spec, name, lane=ref.lane, bpmn_name=ref.name)
        self.ref = ref
        self.extension = extension
        self.inputs_mapped = extension.inputs
        self.outputs_mapped = extension.outputs
        self.flows: tuple[Flow, ...] = ()
        self.incoming: tuple[Flow, ...] = ()
        self.has_conditions = False
        self.boundary: tuple[BoundaryEvent, ...] = ()
        self.body: Body | None = None
        self.undone_by: str | None = None  # the compensation handler

    # --- the diagram ---------------------------------------------------------------------------

    def set_flows(self, flows: Iterable[Flow], incoming: Iterable[Flow]) -> None:
        self.flows = tuple(flows)
        self.incoming = tuple(incoming)
        self._outputs = [flow.target for flow in self.flows]
        self._inputs = [flow.source for flow in self.incoming]
        self.has_conditions = any(flow.condition or flow.is_default for flow in self.flows)

    def followers(self) -> list[str]:
        """Where a token at this element may go next, boundary events included."""
        return [flow.target for flow in self.flows] + [one.name for one in self.boundary]

    def boundary_for(self, kind: str, code: str) -> BoundaryEvent | None:
        """The boundary event that catches an error or escalation; a named code goes first."""
        matching = [one for one in self.boundary if one.trigger.catches(kind, code)]
        return min(matching, key=lambda one: one.trigger.name is None, default=None)

    # --- the library's hooks -------------------------------------------------------------------

    def test(self) -> None:
        """The library refuses elements without an input; a start has none."""

    def _predict(self, *_: object, **__: object) -> None:
        """Nothing is predicted: reachability is read off the diagram."""

    def _update(self, my_task: TokenTask) -> None:
        my_task._ready()

    def _on_ready(self, my_task: TokenTask) -> None:
        my_task.workflow.top_workflow.agenda.append(my_task)

    def _run(self, my_task: TokenTask) -> bool | None:
        internal = my_task.internal_data
        if "result" not in internal:
            if not my_task.entered and "l" not in internal:
                self.arrive(my_task)
            if self.inputs_mapped and "m" not in internal:
                self.open_scope(my_task)
            result = self.enter(my_task)
            if result is None:
                if self.boundary and my_task._state == READY and "result" not in internal:
                    self.listen_at_boundary(my_task)
                return None
            internal["result"] = result
        elif not my_task.entered:
            self.arrive(my_task)
        self.leave(my_task, internal["result"])
        if "to" in internal:
            # It was returned to, and goes straight to where it was returned from.
            my_task.chosen = (Flow(f"{self.name}_straight", self.name, internal["to"]),)
        else:
            my_task.chosen = self.choose(my_task) if self.has_conditions else self.flows
        if my_task.workflow.early_end is not None and not my_task.chosen:
            my_task.workflow.early_end.check_end(my_task)
        return True

    def _on_complete(self, my_task: TokenTask) -> None:
        workflow = my_task.workflow
        top = workflow.top_workflow
        top.journal.leave(my_task, top.now(), "completed")
        for child in my_task.children:
            child.cancel()
        self.send_on(my_task)
        if self.undone_by is not None:
            workflow.undo.append({"of": self.name, "by": self.undone_by, "in": ""})
        if self.is_item:
            self.body.item_done(my_task)
        elif "undoes" in my_task.internal_data:
            thrower = my_task.parent
            thrower.task_spec.undo_next(thrower)
        workflow.forget(my_task)

    # --- what the families override ------------------------------------------------------------

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        """Do the element's work; None waits for a result from outside."""
        return {}

    def leave(self, task: TokenTask, result: Mapping[str, Any]) -> None:
        """Put the result where the output mappings, or their absence, say."""
        if self.outputs_mapped:
            local = {**task.scope.visible(), **task.internal_data.get("answer", {}), **result}
            outer = self.outer_scope(task)
            for mapping in self.outputs_mapped:
                outer.assign_path(mapping.target, self.resolve(task, mapping.source, local))
        elif result:
            self.outer_scope(task).assign_all(result)
        if self.is_item:
            self.body.collect(task, result)

    def choose(self, task: TokenTask) -> tuple[Flow, ...]:
        """Which flows a token is put on: those without a condition, and those whose holds."""
        taken = [
            flow
            for flow in self.flows
            if not flow.is_default and (flow.condition is None or self.holds(task, flow))
        ]
        if not any(flow.condition for flow in taken):
            taken += [flow for flow in self.flows if flow.is_default]
        if not taken:
            raise no_way_out(self)
        return tuple(taken)

    def fire(self, task: TokenTask, payload: dict[str, Any], *, last: bool) -> None:
        """A message, signal or timer came that this waiting token listens for."""
        task.workflow.top_workflow.resume(task, payload)

    def repeats(self, task: TokenTask) -> bool:
        """Whether a timer cycle goes on after the first firing."""
        return False

    # --- shared by all families ---------------------------------------------------------------

    def arrive(self, task: TokenTask) -> None:
        task.entered = True
        top = task.workflow.top_workflow
        top.journal.enter(task, top.now())

    def send_on(self, task: TokenTask) -> None:
        """Put tokens on the chosen flows."""
        workflow = task.workflow
        specs = workflow.spec.task_specs
        taken = workflow.top_workflow.journal.flows
        for flow in task.chosen:
            taken.append((self.ref.process_id, flow.id))
            target = specs[flow.target]
            target._update(workflow.spawn(target, came_by=flow.id))

    def open_scope(self, task: TokenTask) -> None:
        """Evaluate the input mappings into variables of the element's own."""
        local: dict[str, Any] = {}
        visible = task.scope.visible()
        for mapping in self.inputs_mapped:
            value = self.resolve(task, mapping.source, {**visible, **local})
            set_entry(local, mapping.target, value)
        if self.is_item:
            task.scope.values.update(local)
        else:
            task.scope = Scope(local, task.scope)
        task.internal_data["m"] = 1

    def outer_scope(self, task: TokenTask) -> Scope:
        """Where results go: the scope around the element's own variables."""
        scope = task.scope
        if self.is_item or scope is task.workflow.scope or scope.parent is None:
            return scope
        return scope.parent

    def resolve(
        self, task: TokenTask, value: Term | None, variables: dict[str, Any] | None = None
    ) -> Any:
        """A literal, or the JSON-safe value of an expression."""
        if value is None:
            return None
        if not value.is_expression:
            return value.text
        return plain(task.workflow.top_workflow.evaluate(task, value.text, variables))

    def holds(self, task: TokenTask, flow: Flow) -> bool:
        return task.workflow.top_workflow.evaluate(task, flow.condition) is True

    def listen_at_boundary(self, task: TokenTask) -> None:
        """Set the timers and subscriptions of the boundary events, once."""
        if "b" in task.internal_data:
            return
        task.internal_data["b"] = 1
        for spec in self.boundary:
            if spec.trigger.is_awaited:
                listener = task.workflow.spawn(spec, task)
                listener.internal_data["l"] = 1
                listener._ready()


def no_way_out(element: Element) -> ElementFailed:
    return ElementFailed(
        "No outgoing flow's condition holds, and there is no default flow.",
        " | ".join(flow.condition or "" for flow in element.flows),
    )
