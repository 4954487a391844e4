"""Owns the rules on tasks: handlers and their inputs, forms, owners, deadlines, called parts."""

from collections.abc import Callable, Iterator

from lxml import etree

from jiedan.flow.content.context import Context
from jiedan.flow.content.findings import Finding
from jiedan.flow.content.read import PREFIX, extension, properties_of, split_list
from jiedan.flow.content.xml import BPMN, ZEEBE
from jiedan.flow.handlers import Handler

Node = etree._Element


def handlers_exist(context: Context) -> Iterator[Finding]:
    """Every task type, listener and loader names a registered handler."""
    for node in context.nodes():
        for use, name in _handler_names(node):
            if name and not name.startswith("=") and name not in _handlers(context):
                yield context.error(
                    node,
                    "handler_unknown",
                    "“%(label)s” uses the handler “%(handler)s” (%(use)s), which does not exist.",
                    "Choose a handler from the list, or write it in handlers/.",
                    handler=name,
                    use=use,
                )


def inputs_fit(context: Context) -> Iterator[Finding]:
    """With input mappings, a handler gets exactly what they set: all it needs, nothing unknown."""
    for node in context.nodes("serviceTask", "sendTask", "intermediateThrowEvent", "endEvent"):
        handler = _handlers(context).get(_task_type(node) or "")
        mapping = extension(node, "ioMapping")
        if handler is None or mapping is None:
            continue
        targets = {
            (one.get("target") or "").split(".")[0] for one in mapping.findall(f"{{{ZEEBE}}}input")
        }
        if not targets:
            continue
        yield from _misfits(context, node, handler, targets)


def forms_exist(context: Context) -> Iterator[Finding]:
    """Every user task has a form, and it is there."""
    for node in context.nodes("userTask"):
        form = extension(node, "formDefinition")
        form_id = None if form is None else form.get("formId")
        if not form_id:
            yield context.warning(
                node,
                "form_missing",
                "“%(label)s” has no form: whoever does it sees only a button.",
                "Choose a form.",
            )
        elif not form_id.startswith("=") and form_id not in context.around.forms:
            yield context.error(
                node,
                "form_unknown",
                "“%(label)s” uses the form “%(form)s”, which does not exist.",
                "Choose another form, or draw this one.",
                form=form_id,
            )


def owners_found(context: Context) -> Iterator[Finding]:
    """Every user task says whose it is: by assignment, strategy, or the roles of its lane."""
    for node in context.nodes("userTask"):
        assignment = extension(node, "assignmentDefinition")
        said = [] if assignment is None else [value for value in assignment.values() if value]
        process = context.processes.get(_process_id(node))
        element = process.elements.get(node.get("id") or "") if process is not None else None
        chosen = element is not None and (element.roles or element.setting("who"))
        if not said and not chosen:
            yield context.error(
                node,
                "owner_missing",
                "“%(label)s” belongs to nobody.",
                "Give it candidate groups, or give its lane roles.",
            )


def roles_known(context: Context) -> Iterator[Finding]:
    """Candidate groups and lane roles are roles that exist."""
    known = context.around.roles
    if known is None:
        return
    for node in context.nodes("userTask"):
        assignment = extension(node, "assignmentDefinition")
        groups = "" if assignment is None else assignment.get("candidateGroups") or ""
        if not groups.startswith("="):
            yield from _unknown_roles(context, node, split_list(groups), known)
    for lane in context.root.iter(f"{{{BPMN}}}lane"):
        roles = split_list(properties_of(lane).get(PREFIX + "roles", ""))
        yield from _unknown_roles(context, lane, roles, known)


def lanes_have_roles(context: Context) -> Iterator[Finding]:
    """A lane in which people work says which."""
    tasks = {node.get("id") for node in context.nodes("userTask")}
    for lane in context.root.iter(f"{{{BPMN}}}lane"):
        if properties_of(lane).get(PREFIX + "roles"):
            continue
        inside = {(one.text or "").strip() for one in lane.findall(f"{{{BPMN}}}flowNodeRef")}
        if inside & tasks and lane.find(f"{{{BPMN}}}childLaneSet") is None:
            yield context.warning(
                lane,
                "lane_without_roles",
                "The lane “%(label)s” does not say which roles work in it.",
                "Set its property jiedan:roles.",
            )


def deadlines_set(context: Context) -> Iterator[Finding]:
    """Every user task has a deadline."""
    for node in context.nodes("userTask"):
        schedule = extension(node, "taskSchedule")
        if schedule is None or not schedule.get("dueDate"):
            yield context.warning(
                node,
                "deadline_missing",
                "“%(label)s” has no deadline: nobody will be reminded of it.",
                "Set its due date.",
            )


def parts_exist(context: Context) -> Iterator[Finding]:
    """Called processes and decisions are there."""
    for node in context.nodes("callActivity"):
        called = extension(node, "calledElement")
        process_id = None if called is None else called.get("processId")
        known = not process_id or process_id.startswith("=")
        if not known and process_id not in context.around.processes:
            yield context.error(
                node,
                "process_unknown",
                "“%(label)s” calls the process “%(process)s”, which does not exist.",
                "Choose another process, or draw this one.",
                process=process_id or "",
            )
    for node in context.nodes("businessRuleTask"):
        called = extension(node, "calledDecision")
        decision_id = None if called is None else called.get("decisionId")
        known = not decision_id or decision_id.startswith("=")
        if not known and decision_id not in context.around.decisions:
            yield context.error(
                node,
                "decision_unknown",
                "“%(label)s” asks the decision “%(decision)s”, which does not exist.",
                "Choose another decision, or write this one.",
                decision=decision_id or "",
            )


TASK_RULES: tuple[Callable[[Context], Iterator[Finding]], ...] = (
    handlers_exist,
    inputs_fit,
    forms_exist,
    owners_found,
    roles_known,
    lanes_have_roles,
    deadlines_set,
    parts_exist,
)


def _misfits(
    context: Context, node: Node, handler: Handler, targets: set[str]
) -> Iterator[Finding]:
    for one in handler.inputs:
        if one.required and one.name not in targets:
            yield context.error(
                node,
                "input_missing",
                "“%(label)s” does not give its handler “%(handler)s” the input “%(input)s”.",
                "Add an input mapping for it.",
                handler=handler.name,
                input=one.name,
            )
    if handler.takes_all:
        return
    names = {one.name for one in handler.inputs}
    for target in sorted(targets - names):
        yield context.warning(
            node,
            "input_unused",
            "“%(label)s” gives its handler “%(handler)s” the input “%(input)s”, which it ignores.",
            "Remove the input mapping or correct its name.",
            handler=handler.name,
            input=target,
        )


def _unknown_roles(
    context: Context, node: Node, roles: tuple[str, ...], known: frozenset[str]
) -> Iterator[Finding]:
    for role in roles:
        if role not in known:
            yield context.error(
                node,
                "role_unknown",
                "“%(label)s” is given to the role “%(role)s”, which does not exist.",
                "Correct the role's code.",
                role=role,
            )


def _handler_names(node: Node) -> Iterator[tuple[str, str]]:
    task_type = _task_type(node)
    if task_type:
        yield "task", task_type
    for one in node.iterfind(
        f"./{{{BPMN}}}extensionElements/{{{ZEEBE}}}taskListeners/{{{ZEEBE}}}taskListener"
    ):
        yield one.get("eventType") or "", one.get("type") or ""
    load = properties_of(node).get(PREFIX + "load")
    if load:
        yield "load", load


def _task_type(node: Node) -> str | None:
    found = extension(node, "taskDefinition")
    if found is None:
        # A message throw event carries its task type inside the event definition.
        found = node.find(
            f"./{{{BPMN}}}messageEventDefinition/{{{BPMN}}}extensionElements/"
            f"{{{ZEEBE}}}taskDefinition"
        )
    return None if found is None else found.get("type")


def _handlers(context: Context) -> dict[str, Handler]:
    return context.around.registry.handlers


def _process_id(node: Node) -> str:
    for around in node.iterancestors(f"{{{BPMN}}}process"):
        return around.get("id") or ""
    return ""
