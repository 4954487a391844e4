"""The files that new definitions start from: small, complete and deployable after a few clicks."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

from jiedan.flow.states import DefinitionKind

_PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
 xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:modeler="http://camunda.org/schema/modeler/1.0"
 id="definitions_{key}" targetNamespace="urn:jiedan"
 modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.8.0">
  <bpmn:process id="{key}" name={name} isExecutable="true">
    <bpmn:startEvent id="begin" name="开始"><bpmn:outgoing>to_finish</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:sequenceFlow id="to_finish" sourceRef="begin" targetRef="finish" />
    <bpmn:endEvent id="finish" name="结束"><bpmn:incoming>to_finish</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram_{key}">
    <bpmndi:BPMNPlane id="plane_{key}" bpmnElement="{key}">
      <bpmndi:BPMNShape id="begin_di" bpmnElement="begin">
        <dc:Bounds x="160" y="142" width="36" height="36" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="finish_di" bpmnElement="finish">
        <dc:Bounds x="480" y="142" width="36" height="36" />
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="to_finish_di" bpmnElement="to_finish">
        <di:waypoint x="196" y="160" /><di:waypoint x="480" y="160" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""

_DECISION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
 xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"
 xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
 id="definitions_{key}" name={name} namespace="urn:jiedan">
  <decision id="{key}" name={name}>
    <decisionTable id="table_{key}" hitPolicy="FIRST">
      <input id="input_1" label="输入"><inputExpression id="expression_1" typeRef="number">
        <text>amount</text></inputExpression></input>
      <output id="output_1" name="result" label="结果" typeRef="string" />
      <rule id="rule_otherwise">
        <inputEntry id="entry_1"><text>-</text></inputEntry>
        <outputEntry id="answer_1"><text>"other"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI><dmndi:DMNDiagram><dmndi:DMNShape dmnElementRef="{key}">
    <dc:Bounds height="80" width="180" x="160" y="100" />
  </dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""


def blank_file(kind: DefinitionKind, *, key: str, name: str) -> str:
    """The text of a new definition with this id and name."""
    if kind is DefinitionKind.FORM:
        return json.dumps(_form(key, name), ensure_ascii=False, indent=2)
    text = _PROCESS if kind is DefinitionKind.PROCESS else _DECISION
    return text.format(key=key, name=quoteattr(name))


def _form(key: str, name: str) -> dict[str, object]:
    return {
        "schemaVersion": 19,
        "type": "default",
        "id": key,
        "properties": {"name": name, "name.en": name},
        "components": [
            {
                "type": "button",
                "id": "done",
                "key": "done",
                "action": "submit",
                "label": "完成",
                "properties": {"outcome": "done", "label.en": "Done", "style": "primary"},
            }
        ],
    }
