"""SPEC A25: diagrams, decisions and forms that are attacks are refused wherever they come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from jiedan.cli import main
from tests.scenarios.hostility import CJK, READERS, browser, unchanged
from tests.web.conftest import csrf_of
from tests.world import World

pytestmark = pytest.mark.req("A25")

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:jiedan">
  <bpmn:process id="hostile" name="{name}" isExecutable="true">
    <bpmn:startEvent id="begin" name="开始"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="work"/>
    {task}
    <bpmn:sequenceFlow id="f2" sourceRef="work" targetRef="finish">{condition}</bpmn:sequenceFlow>
    <bpmn:endEvent id="finish" name="结束"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"""
FLOWS = "<bpmn:incoming>f1</bpmn:incoming><bpmn:outgoing>f2</bpmn:outgoing>"
IMPORT = "import os; os.system('touch /tmp/owned')"
PLAIN = f'<bpmn:manualTask id="work" name="w">{FLOWS}</bpmn:manualTask>'


def diagram(task: str = PLAIN, *, doctype: str = "", name: str = "x", condition: str = "") -> str:
    return DIAGRAM.format(task=task, doctype=doctype, name=name, condition=condition)


def scripted(inner: str, attributes: str = "") -> str:
    return diagram(
        f'<bpmn:scriptTask id="work" name="w" {attributes}>{inner}{FLOWS}</bpmn:scriptTask>'
    )


def zeebe_script(expression: str) -> str:
    return scripted(
        "<bpmn:extensionElements>"
        f'<zeebe:script expression="{expression}" resultVariable="r"/>'
        "</bpmn:extensionElements>"
    )


LAUGHS = "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10)
)  # fmt: skip
HOSTILE: dict[str, Callable[[], str]] = {
    "a file of the machine": lambda: diagram(
        doctype='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', name="&e;"
    ),
    "an address on the network": lambda: diagram(
        doctype='<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>', name="&e;"
    ),
    "a parameter entity": lambda: diagram(
        doctype='<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x.dtd"> %e;]>'
    ),
    "a billion laughs": lambda: diagram(doctype=f"<!DOCTYPE x [{LAUGHS}]>", name="&l9;"),
    "an external document type": lambda: diagram(
        doctype='<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'
    ),
    "no xml": lambda: "<bpmn:definitions",
    "nothing": lambda: " ",
    "nested too deep": lambda: diagram("<a>" * 5_000 + "</a>" * 5_000),
    "a Python script": lambda: scripted(
        f"<bpmn:script>{IMPORT}</bpmn:script>", 'scriptFormat="text/x-python"'
    ),
    "a JavaScript script": lambda: scripted(
        "<bpmn:script>process.exit()</bpmn:script>", 'scriptFormat="javascript"'
    ),
    "Python where FEEL belongs": lambda: zeebe_script(f"={IMPORT}"),
    "a dunder": lambda: zeebe_script("=().__class__.__bases__"),
    "an import call": lambda: zeebe_script("=__import__(&quot;os&quot;).system(&quot;id&quot;)"),
    "Python in a condition": lambda: diagram(
        condition='<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
        "=open(&quot;/etc/passwd&quot;)</bpmn:conditionExpression>"
    ),
    "an unknown handler": lambda: diagram(
        '<bpmn:serviceTask id="work" name="w"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="os.system"/></bpmn:extensionElements>'
        f"{FLOWS}</bpmn:serviceTask>"
    ),
    "a second process of ours": lambda: diagram().replace('id="hostile"', 'id="hostile&#0;"'),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("locale", READERS)
def test_the_studio_refuses_a_hostile_diagram(day: World, what: str, locale: str) -> None:
    shiyuan = browser(day, "shiyuan", locale)
    token = csrf_of(shiyuan.get("/help").text)

    with unchanged(day):
        answers = [
            shiyuan.client.post(
                f"/studio/process/hostile/{action}",
                json={"source": HOSTILE[what]()},
                headers={"X-CSRFToken": token},
            )
            for action in ("check", "deployment")
        ]

    for answer in answers:
        assert answer.status_code == 200, answer.text
        errors = [one for one in answer.json["findings"] if one["severity"] == "error"]
        assert errors, answer.json
        for one in errors:
            assert (locale == "zh") == bool(CJK.search(one["message"])), one
            assert "root:" not in one["message"]
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize("what", ["a file of the machine", "a billion laughs", "a Python script"])
def test_the_command_deploy_refuses_a_hostile_diagram(tmp_path: Path, what: str) -> None:
    path = tmp_path / "hostile.bpmn"
    path.write_text(HOSTILE[what](), "utf-8")
    environment = {"JIEDAN_DATA": str(tmp_path / "data"), "LANG": "en_US.UTF-8"}

    result = CliRunner().invoke(main, ["deploy", str(path)], env=environment)

    assert result.exit_code == 1
    assert "error: hostile.bpmn" in result.output
    assert "not deployed" in result.output
    assert "Traceback" not in result.output
    assert "root:" not in result.output


FORM = '{"type": "default", "id": "hostile", "schemaVersion": 19, "components": %s}'
CODE = (
    '[{"type": "textfield", "key": "a", "label": "a", "conditional": {"hide": "=__import__(1)("}}]'
)
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><definitions>&e;</definitions>'
CONTENT = {
    "an entity in a decision": ("decision", ENTITY),
    "a decision that is cut off": ("decision", "<definitions"),
    "a form that is cut off": ("form", "{"),
    "a form that is a list": ("form", "[]"),
    "a form with markup": ("form", FORM % '[{"type": "html", "content": "<script>"}]'),
    "a form without end": ("form", FORM % ("[" * 5_000 + "]" * 5_000)),
    "a form with code": ("form", FORM % CODE),
}


@pytest.mark.parametrize("what", CONTENT)
@pytest.mark.parametrize("locale", READERS)
def test_the_studio_refuses_hostile_decisions_and_forms(day: World, what: str, locale: str) -> None:
    kind, source = CONTENT[what]
    shiyuan = browser(day, "shiyuan", locale)
    token = csrf_of(shiyuan.get("/help").text)

    with unchanged(day):
        answer = shiyuan.client.post(
            f"/studio/{kind}/hostile/deployment",
            json={"source": source},
            headers={"X-CSRFToken": token},
        )

    assert answer.status_code == 200, answer.text
    errors = [one["message"] for one in answer.json["findings"] if one["severity"] == "error"]
    assert errors
    assert [one for one in errors if (locale == "zh") != bool(CJK.search(one))] == []


@pytest.mark.parametrize("login", ["qianmin", "zhangwei", "zhuzhi"])
def test_who_draws_no_processes_cannot_deploy_any(day: World, login: str) -> None:
    someone = browser(day, login)
    token = csrf_of(someone.get("/help").text)

    with unchanged(day):
        answer = someone.client.post(
            "/studio/process/hostile/deployment",
            json={"source": diagram()},
            headers={"X-CSRFToken": token},
        )

    assert answer.status_code == 404
