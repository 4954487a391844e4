"""Owns the rules on what happens on the way: errors are caught, functions are known."""

from collections.abc import Callable, Iterator

from lxml import etree

from jiedan.core.errors import JiedanError
from jiedan.feel import FeelError, compile_expression
from jiedan.feel.builtins import BUILTINS
from jiedan.feel.nodes import Call, Name
from jiedan.feel.nodes import Node as FeelNode
from jiedan.flow.content.context import Context, process_of
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.xml import BPMN, ZEEBE, is_bpmn, parse_xml, tag

Node = etree._Element


def errors_are_caught(context: Context) -> Iterator[Finding]:
    """What an error end event throws is caught around it, or around the call of its process."""
    codes = _error_codes(context.root)
    for node in context.nodes("endEvent"):
        definition = node.find(f"{{{BPMN}}}errorEventDefinition")
        if definition is None:
            continue
        code = codes.get(definition.get("errorRef") or "", definition.get("errorRef") or "")
        if _is_caught_inside(context, node, code, codes):
            continue
        callers = _callers(context, process_of(node))
        if any(_catches_at(root, call, code) for root, call in callers):
            continue
        say = context.error if callers or not _may_be_called(context, node) else context.warning
        yield say(
            node,
            "error_uncaught",
            "“%(label)s” throws the error “%(code)s”, which nobody catches.",
            "Attach an error boundary event around it or to the activity that calls the process.",
            code=code,
        )


def functions_are_known(context: Context) -> Iterator[Finding]:
    """Expressions call functions that exist."""
    known = set(BUILTINS) | set(context.around.registry.functions)
    for node, text in _expressions(context):
        try:
            compiled = compile_expression(text)
        except FeelError:
            # The engine's own check reports what is not FEEL.
            continue
        for name in sorted(_called(compiled.node) - known):
            yield context.error(
                node,
                "function_unknown",
                "An expression of “%(label)s” calls “%(function)s”, which is no function: "
                "%(expression)s",
                "Correct the name, or write the function in handlers/.",
                function=name,
                expression=text,
            )


FLOW_RULES: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    errors_are_caught,
    functions_are_known,
)


# --- errors ------------------------------------------------------------------------------------
def _error_codes(root: Node) -> dict[str, str]:
    return {
        one.get("id") or "": one.get("errorCode") or one.get("name") or one.get("id") or ""
        for one in root.iter(f"{{{BPMN}}}error")
    }


def _is_caught_inside(context: Context, node: Node, code: str, codes: dict[str, str]) -> bool:
    for around in node.iterancestors():
        for child in around:
            is_event_subprocess = (
                tag(child) == "subProcess" and child.get("triggeredByEvent") == "true"
            )
            if is_event_subprocess and child not in node.iterancestors():
                starts = child.findall(f"{{{BPMN}}}startEvent")
                if any(_catches(start, code, codes) for start in starts):
                    return True
        if tag(around) in ("subProcess", "transaction", "adHocSubProcess"):
            for boundary in context.nodes("boundaryEvent"):
                attached = boundary.get("attachedToRef") == around.get("id")
                if attached and _catches(boundary, code, codes):
                    return True
        if tag(around) == "process":
            break
    return False


def _catches(event: Node, code: str, codes: dict[str, str]) -> bool:
    definition = event.find(f"{{{BPMN}}}errorEventDefinition")
    if definition is None:
        return False
    reference = definition.get("errorRef")
    return not reference or codes.get(reference, reference) == code


def _callers(context: Context, process_id: str) -> list[tuple[Node, Node]]:
    """Every call of a process in the files at hand, as (file root, call activity)."""
    found = []
    for root in (context.root, *_other_roots(context)):
        for called in root.iter(f"{{{ZEEBE}}}calledElement"):
            if called.get("processId") == process_id:
                call = next(called.iterancestors(f"{{{BPMN}}}callActivity"), None)
                if call is not None:
                    found.append((root, call))
    return found


def _other_roots(context: Context) -> Iterator[Node]:
    for name, content in context.around.diagrams.items():
        if name == context.file:
            continue
        try:
            yield parse_xml(content)
        except JiedanError:
            # An unreadable neighbour is reported on its own.
            continue


def _catches_at(root: Node, call: Node, code: str) -> bool:
    codes = _error_codes(root)
    for boundary in root.iter(f"{{{BPMN}}}boundaryEvent"):
        if boundary.get("attachedToRef") == call.get("id") and _catches(boundary, code, codes):
            return True
    process = next(call.iterancestors(f"{{{BPMN}}}process"), None)
    return process is not None and any(
        _catches(start, code, codes)
        for subprocess in process.iter(f"{{{BPMN}}}subProcess")
        if subprocess.get("triggeredByEvent") == "true"
        for start in subprocess.findall(f"{{{BPMN}}}startEvent")
    )


def _may_be_called(context: Context, node: Node) -> bool:
    """Deployed processes that are not at hand may call this one and catch the error."""
    at_hand = set(context.processes)
    return bool(set(context.around.processes) - at_hand)


# --- functions ---------------------------------------------------------------------------------
def _expressions(context: Context) -> Iterator[tuple[Node, str]]:
    for node in context.root.iter("{*}*"):
        holder = _holder(node)
        if etree.QName(node).namespace == ZEEBE:
            for value in map(str, node.values()):
                if value.startswith("="):
                    yield holder, value[1:]
        elif tag(node) in ("conditionExpression", "timeDuration", "timeDate", "timeCycle"):
            text = (node.text or "").strip()
            if text.startswith("="):
                yield holder, text[1:]


def _holder(node: Node) -> Node:
    here: Node | None = node
    while here is not None:
        is_carrier = is_bpmn(here) and here.get("id") and not tag(here).endswith("Definition")
        if is_carrier:
            return here
        here = here.getparent()
    return node


def _called(node: FeelNode) -> set[str]:
    """Names of the functions that an expression calls, except its own."""
    found: set[str] = set()
    local: set[str] = set()
    for one in _walk(node):
        if isinstance(one, Call) and isinstance(one.function, Name):
            found.add(one.function.name)
        parameters = getattr(one, "parameters", ())
        local.update(parameters)
        entries = getattr(one, "entries", ())
        local.update(entry[0] for entry in entries if isinstance(entry, tuple))
        name = getattr(one, "name", None)
        if type(one).__name__ == "Iteration" and isinstance(name, str):
            local.add(name)
    return found - local


def _walk(value: object) -> Iterator[FeelNode]:
    if isinstance(value, FeelNode):
        yield value
        for name in value.__dataclass_fields__:
            yield from _walk(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _walk(one)
