"""Activities with something inside: subprocesses, called processes, rounds over a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiedan.flow.engine.dialect import Extension, LoopItems, Term
from jiedan.flow.engine.elements.base import Element
from jiedan.flow.engine.snapshots import ElementRef
from jiedan.flow.engine.spec import ProcessSpec
from jiedan.flow.engine.tokens import ElementFailed, SubInstance, TokenTask, Workflow
from jiedan.flow.engine.values import Scope, plain

NESTING_LIMIT = 200  # called processes and subprocesses inside each other
MAX_ITEMS = 10_000
MAX_TOKENS = 20_000  # in one instance, so that rounds inside rounds cannot eat the memory


class Containing(Element):
    """An activity that runs a (sub)process inside its token."""

    inner: ProcessSpec

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        self.begin_inside(task, self.inner, Scope({}, task.scope))
        return None

    def begin_inside(self, task: TokenTask, spec: ProcessSpec, scope: Scope) -> None:
        top = task.workflow.top_workflow
        if task.workflow.depth >= NESTING_LIMIT:
            raise ElementFailed("Processes call each other too deeply.", spec.name)
        workflow = SubInstance(spec, task, scope)
        top.subprocesses[task.id] = workflow
        self.begin(task, workflow)

    def begin(self, task: TokenTask, workflow: Workflow) -> None:
        workflow.begin(workflow.spec.initial(), self.start_payload(task))

    def contents(self) -> ProcessSpec:
        return self.inner

    def start_payload(self, task: TokenTask) -> dict[str, Any] | None:
        return None

    def inner_finished(self, task: TokenTask, workflow: Workflow) -> None:
        if self.undone_by is None:
            name = self.ref.id
            task.workflow.undo += [
                {**one, "in": f"{name}/{one['in']}".rstrip("/")} for one in workflow.undo
            ]
        task.workflow.top_workflow.resume(task, {})


class Subprocess(Containing):
    """An embedded subprocess or transaction: its own scope, the outer variables visible."""


class AdHocSubprocess(Containing):
    """A subprocess without an order: everything without an incoming flow starts at once."""

    completion_condition: str | None = None
    cancels_remaining = True

    def begin(self, task: TokenTask, workflow: Workflow) -> None:
        if self.completion_condition is not None:
            workflow.early_end = self
        super().begin(task, workflow)

    def check_end(self, token: TokenTask) -> None:
        """When a path inside ends: is that enough?"""
        workflow = token.workflow
        if workflow.top_workflow.evaluate(token, self.completion_condition) is True:
            workflow.early_end = None
            if self.cancels_remaining:
                workflow.cancel_others(token)


class CallActivity(Containing):
    """Runs another process of the bundle inside this instance, in a scope of its own."""

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        said = self.extension
        called = str(self.resolve(task, said.called_process))
        spec = task.workflow.top_workflow.model.processes.get(called)
        if spec is None:
            raise ElementFailed("The called process does not exist in this version.", called)
        if said.passes_variables_in:
            given = dict(task.scope.visible())
        else:
            given = dict(task.scope.values) if self.inputs_mapped else {}
        task.internal_data["c"] = called
        # Writes stay in the inner of two scopes, so that only they come back: what the caller's
        # other branches changed meanwhile is not overwritten with old values.
        self.begin_inside(task, spec, Scope({}, Scope(given), barrier=True))
        return None

    def inner_finished(self, task: TokenTask, workflow: Workflow) -> None:
        said = self.extension
        keeps = self.outputs_mapped or said.passes_variables_out
        task.workflow.top_workflow.resume(task, workflow.scope.values if keeps else {})


class Body(Element):
    """An activity that is done several times: the marker is the body, each round an item."""

    item_name: str | None = None
    item_spec: Element

    def contents(self) -> ProcessSpec:
        return self.item_spec.contents()

    def collect(self, item: TokenTask, result: Mapping[str, Any]) -> None:
        """Take an item's result, while the item can still fail."""

    def item_done(self, item: TokenTask) -> None:
        """Count a finished item and go on, or finish."""
        raise NotImplementedError

    def drop_item(self, item: TokenTask) -> None:
        """Take an item away and end the rounds."""
        body = item.parent
        item.cancel()
        body.workflow.top_workflow.resume(body, {})

    def add_item(
        self, task: TokenTask, index: int, values: dict[str, Any], barrier: bool
    ) -> TokenTask:
        scope = Scope({**values, "loopCounter": index + 1}, task.scope, barrier)
        item = task.workflow.spawn(self.item_spec, task, scope)
        item.internal_data["i"] = index
        item._ready()
        return item


class MultiInstance(Body):
    """One item per element of a collection, all at once or one after the other."""

    def __init__(
        self,
        wf_spec: ProcessSpec,
        name: str,
        *,
        ref: ElementRef,
        items: LoopItems | None,
        cardinality: Term | None,
        condition: str | None,
        sequential: bool,
    ) -> None:
        super().__init__(wf_spec, name, ref=ref, extension=Extension())
        self.collection = items.input_collection if items else None
        self.item_name = items.input_element if items else None
        self.output_name = items.output_collection if items else None
        self.output_element = items.output_element if items else None
        self.cardinality = cardinality
        self.condition = condition
        self.sequential = sequential

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        items = self._items(task)
        if len(items) > MAX_ITEMS or task.workflow.top_workflow.alive + len(items) > MAX_TOKENS:
            raise ElementFailed("The collection has too many items.", str(len(items)))
        internal = task.internal_data
        internal.update(n=len(items), done=0)
        outputs = {} if self.output_name is None else {self.output_name: [None] * len(items)}
        if not items:
            return outputs
        task.scope = Scope(outputs, task.scope)
        if self.sequential:
            internal["items"] = items
            self._add(task, 0, items[0])
        else:
            for index, value in enumerate(items):
                self._add(task, index, value)
        return None

    def _items(self, task: TokenTask) -> list[Any]:
        if self.collection is not None:
            items = self.resolve(task, self.collection)
            if not isinstance(items, list):
                raise ElementFailed("The input collection is not a list.", self.collection.text)
            return items
        count = self.resolve(task, self.cardinality)
        try:
            return list(range(1, int(count) + 1))
        except (TypeError, ValueError):
            raise ElementFailed("The loop cardinality is not a number.", str(count)) from None

    def _add(self, task: TokenTask, index: int, value: Any) -> TokenTask:
        values = {} if self.item_name is None else {self.item_name: value}
        return self.add_item(task, index, values, barrier=self.output_name is not None)

    def collect(self, item: TokenTask, result: Mapping[str, Any]) -> None:
        body, index = item.parent, item.internal_data["i"]
        top = item.workflow.top_workflow
        local = {**item.internal_data.get("answer", {}), **result}
        if self.output_name is not None and self.output_element is not None:
            value = plain(top.evaluate(item, self.output_element, local))
            body.scope.values[self.output_name][index] = value
        if self.condition is not None:
            internal = body.internal_data
            dropped = internal.get("dropped", 0)
            done, total = internal["done"] + 1, internal["n"]
            counts = {
                "numberOfInstances": total - dropped,
                "numberOfCompletedInstances": done - dropped,
                "numberOfActiveInstances": 0 if self.sequential else total - done,
                "numberOfTerminatedInstances": dropped,
            }
            holds = top.evaluate(item, self.condition, {**local, **counts}) is True
            # What was decided from outside stays decided.
            item.internal_data["enough"] = holds or item.internal_data.get("enough", False)

    def add_one(self, task: TokenTask, value: Any) -> TokenTask:
        """One more item while the body runs."""
        internal = task.internal_data
        index = internal["n"]
        internal["n"] = index + 1
        if self.output_name is not None:
            task.scope.values[self.output_name].append(None)
        if not self.sequential:
            return self._add(task, index, value)
        internal["items"].append(value)
        return task

    def drop_item(self, item: TokenTask) -> None:
        """Take an item away: nobody waits for its result."""
        body = item.parent
        item.cancel()
        body.internal_data["dropped"] = body.internal_data.get("dropped", 0) + 1
        self._count(body, is_enough=False)

    def item_done(self, item: TokenTask) -> None:
        body, is_enough = item.parent, item.internal_data.get("enough", False)
        if is_enough:
            item.detach()
        self._count(body, is_enough)

    def _count(self, body: TokenTask, is_enough: bool) -> None:
        internal = body.internal_data
        internal["done"] += 1
        if is_enough:
            for other in body.children:
                if other.task_spec is self.item_spec:
                    other.cancel()
        elif internal["done"] < internal["n"]:
            if self.sequential:
                self._add(body, internal["done"], internal["items"][internal["done"]])
            return
        body.workflow.top_workflow.resume(body, dict(body.scope.values))


class StandardLoop(Body):
    """Done again for as long as a condition holds."""

    def __init__(
        self,
        wf_spec: ProcessSpec,
        name: str,
        *,
        ref: ElementRef,
        condition: str | None,
        maximum: int | None,
        test_before: bool,
    ) -> None:
        super().__init__(wf_spec, name, ref=ref, extension=Extension())
        self.condition = condition
        self.maximum = maximum
        self.test_before = test_before

    def enter(self, task: TokenTask) -> Mapping[str, Any] | None:
        task.internal_data["done"] = 0
        if self.test_before and not self._again(task, 0, task):
            return {}
        task.scope = Scope({}, task.scope)
        self.add_item(task, 0, {}, barrier=False)
        return None

    def _again(self, task: TokenTask, done: int, seen_by: TokenTask) -> bool:
        if self.maximum is not None and done >= self.maximum:
            return False
        if self.condition is None:
            return self.maximum is not None
        counter = {"loopCounter": done}
        return task.workflow.top_workflow.evaluate(seen_by, self.condition, counter) is True

    def collect(self, item: TokenTask, result: Mapping[str, Any]) -> None:
        done = item.parent.internal_data["done"] + 1
        item.internal_data["enough"] = not self._again(item.parent, done, item)

    def item_done(self, item: TokenTask) -> None:
        body = item.parent
        body.internal_data["done"] += 1
        if item.internal_data["enough"]:
            body.workflow.top_workflow.resume(body, {})
        else:
            self.add_item(body, body.internal_data["done"], {}, barrier=False)
