"""Every form that the product has, drawn in the browser: fit for everybody, in one language."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.flow.definitions import deploy
from jiedan.flow.instances import start_instance
from tests.browser.axe import violations
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.world import World

FORMS = sorted((Path(__file__).resolve().parents[2] / "forms").glob("*.form"))
SIZE = 11
"""Forms looked at in one test: small enough to share among workers."""
GROUPS = [tuple(FORMS[start : start + SIZE]) for start in range(0, len(FORMS), SIZE)]
PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="urn:every-form">
  <bpmn:process id="every_form" name="Every form" isExecutable="true">
    <bpmn:startEvent id="begin"/>
    <bpmn:sequenceFlow id="begin_to_fork" sourceRef="begin" targetRef="fork"/>
    <bpmn:parallelGateway id="fork"/>
{tasks}
  </bpmn:process>
</bpmn:definitions>
"""
TASK = """
    <bpmn:sequenceFlow id="to_{form}" sourceRef="fork" targetRef="try_{form}"/>
    <bpmn:userTask id="try_{form}" name="{form}">
      <bpmn:extensionElements>
        <zeebe:userTask/>
        <zeebe:formDefinition formId="{form}"/>
        <zeebe:assignmentDefinition candidateGroups="OC"/>
      </bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="from_{form}" sourceRef="try_{form}" targetRef="end_{form}"/>
    <bpmn:endEvent id="end_{form}"/>
"""
HAN = re.compile("[\u4e00-\u9fff]")


def opened(world: World, paths: tuple[Path, ...]) -> dict[str, str]:
    """A task with each of these forms; form → address."""
    names = [json.loads(path.read_text("utf-8"))["id"] for path in paths]
    source = PROCESS.format(tasks="".join(TASK.format(form=name) for name in names))
    deploy(
        world.flow, actor=SYSTEM, files={"every_form.bpmn": source.encode()}, comment="every form"
    )
    started = start_instance(world.flow, actor=SYSTEM, process_id="every_form", variables={})
    tasks = [one for one in world.sunyue.tasks() if one["instance_id"] == str(started.instance_id)]
    found = {one["element_id"].removeprefix("try_"): f"/tasks/{one['id']}" for one in tasks}
    assert set(found) == set(names)
    return found


@pytest.mark.parametrize("paths", [pytest.param(one, id=one[0].stem) for one in GROUPS])
def test_every_form_is_fit_for_everybody_and_speaks_one_language(
    visit: Visit, world: World, paths: tuple[Path, ...]
) -> None:
    addresses = opened(world, paths)
    chinese, english = visit("sunyue", size=PHONE), visit("sunyue", locale="en", size=WIDE)
    found: list[str] = []
    for number, (name, address) in enumerate(addresses.items()):
        chinese.goto(address)
        english.goto(address)
        # Half of them on the phone, half on the desk: the controls are the same.
        found += [f"{name}: {one}" for one in violations((chinese, english)[number % 2])]
        wide = chinese.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        found += [f"{name}: too wide by {wide}"] if wide > 0 else []
        texts = english.evaluate(
            """() => [...document.querySelectorAll(
                '#form label, #form legend, #form .label, #form .about, #form th, #form button, '
                + '#form .prose-note')].map(one => one.textContent.trim())"""
        )
        found += [f"{name}: {text}" for text in texts if HAN.search(text)]
        plain = chinese.locator('#form button[name="_outcome"]').all_inner_texts()
        found += [f"{name}: {text}" for text in plain if not HAN.search(text)]

    assert found == []
