"""A diagram that people cannot read is refused, naming what lies where."""

from pathlib import Path

import pytest

from jiedan.flow.content.layout import check_layout
from jiedan.flow.content.xml import DoctypeRefused

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI">'
)
PROCESS = """
<bpmn:process id="p">
  <bpmn:startEvent id="begun" name="开始"/>
  <bpmn:userTask id="check" name="检查"/>
  <bpmn:userTask id="pay" name="付款"/>
  <bpmn:boundaryEvent id="late" name="逾期" attachedToRef="check"/>
  <bpmn:endEvent id="done" name="完成"/>
  <bpmn:sequenceFlow id="a" sourceRef="begun" targetRef="check"/>
  <bpmn:sequenceFlow id="b" name="是" sourceRef="check" targetRef="done"/>
</bpmn:process>"""
SHAPES = {
    "begun": (100, 100, 36, 36),
    "check": (200, 78, 100, 80),
    "late": (260, 140, 36, 36),
    "pay": (360, 240, 100, 80),
    "done": (520, 100, 36, 36),
}
LINES = {"a": [(136, 118), (200, 118)], "b": [(300, 118), (520, 118)]}
LABELS = {"begun": (95, 140, 46, 15), "late": (300, 160, 46, 15), "b": (305, 100, 20, 15)}


def diagram(
    *,
    shapes: dict[str, tuple[int, int, int, int]] | None = None,
    lines: dict[str, list[tuple[int, int]]] | None = None,
    labels: dict[str, tuple[int, int, int, int]] | None = None,
    process: str = PROCESS,
) -> bytes:
    """The little process, drawn well but for what the test moves."""
    placed = SHAPES | (shapes or {})
    led = LINES | (lines or {})
    said = LABELS | (labels or {})

    def bounds(box: tuple[int, int, int, int]) -> str:
        x, y, width, height = box
        return f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>'

    def label(name: str) -> str:
        if name not in said:
            return ""
        return f"<bpmndi:BPMNLabel>{bounds(said[name])}</bpmndi:BPMNLabel>"

    drawn = "".join(
        f'<bpmndi:BPMNShape id="{name}_di" bpmnElement="{name}">{bounds(box)}{label(name)}'
        "</bpmndi:BPMNShape>"
        for name, box in placed.items()
        if box[2]
    )
    drawn += "".join(
        f'<bpmndi:BPMNEdge id="{name}_di" bpmnElement="{name}">'
        + "".join(f'<di:waypoint x="{x}" y="{y}"/>' for x, y in points)
        + f"{label(name)}</bpmndi:BPMNEdge>"
        for name, points in led.items()
    )
    plane = f'<bpmndi:BPMNPlane id="plane" bpmnElement="p">{drawn}</bpmndi:BPMNPlane>'
    canvas = f'<bpmndi:BPMNDiagram id="d">{plane}</bpmndi:BPMNDiagram>'
    return f"{HEAD}{process}{canvas}</bpmn:definitions>".encode()


def found(content: bytes) -> list[tuple[str, str | None]]:
    return [(one.rule, one.element_id) for one in check_layout(content)]


def test_a_well_drawn_diagram_has_no_findings() -> None:
    assert found(diagram()) == []


def test_a_task_on_top_of_another_is_found() -> None:
    drawn = diagram(shapes={"pay": (250, 100, 100, 80)})

    assert ("layout-overlap", "check") in found(drawn)


def test_a_boundary_event_may_sit_on_its_host() -> None:
    drawn = diagram(shapes={"late": (220, 140, 36, 36)}, labels={"late": (225, 180, 46, 15)})

    assert found(drawn) == []


def test_a_flow_through_a_task_that_it_does_not_join_is_found() -> None:
    drawn = diagram(shapes={"pay": (360, 78, 100, 80)})

    assert found(drawn) == [("layout-through", "b")]


def test_a_flow_around_the_task_is_fine() -> None:
    drawn = diagram(
        shapes={"pay": (360, 78, 100, 80)},
        lines={"b": [(300, 118), (330, 118), (330, 60), (538, 60), (538, 100)]},
    )

    assert found(drawn) == []


def test_a_flow_that_hangs_loose_is_a_warning() -> None:
    findings = check_layout(diagram(lines={"b": [(300, 118), (480, 118)]}))

    assert [(one.rule, one.level) for one in findings] == [("layout-detached", "warning")]


def test_a_label_on_a_shape_is_found() -> None:
    drawn = diagram(labels={"b": (365, 270, 20, 15)})

    assert found(drawn) == [("layout-label-on-shape", "b")]


def test_two_labels_in_one_place_are_found() -> None:
    drawn = diagram(labels={"b": (306, 162, 20, 15)})

    assert found(drawn) == [("layout-label-on-label", "late")]


def test_a_long_label_counts_with_all_its_lines() -> None:
    process = PROCESS.replace('name="逾期"', 'name="逾期未付款须提醒并通知上级负责人"')
    fine = diagram(process=process, labels={"late": (300, 160, 200, 15)})
    narrow = diagram(process=process, labels={"late": (340, 195, 46, 15)})

    assert found(fine) == []
    assert found(narrow) == [("layout-label-on-shape", "late")]


def test_what_is_not_drawn_is_found() -> None:
    drawn = diagram(shapes={"pay": (0, 0, 0, 0)}, lines={"b": []})

    assert found(drawn) == [("layout-not-drawn", "pay"), ("layout-not-drawn", "b")]


def test_a_task_outside_its_subprocess_is_found() -> None:
    process = PROCESS.replace(
        '<bpmn:userTask id="pay" name="付款"/>',
        '<bpmn:subProcess id="sub" name="子流程"><bpmn:userTask id="pay" name="付款"/>'
        "</bpmn:subProcess>",
    )
    inside = diagram(process=process, shapes={"sub": (320, 220, 200, 140)})
    outside = diagram(process=process, shapes={"sub": (420, 220, 200, 140)})

    assert found(inside) == []
    assert ("layout-outside", "pay") in found(outside)


def test_a_finding_names_both_elements_and_the_mend() -> None:
    (finding,) = check_layout(diagram(shapes={"pay": (360, 78, 100, 80)}), file="x.bpmn")

    assert (finding.file, finding.level, dict(finding.params)) == (
        "x.bpmn",
        "error",
        {"label": "是", "other": "付款"},
    )
    assert finding.mend == "Lead the flow around the shape."


def test_a_document_type_is_refused() -> None:
    with pytest.raises(DoctypeRefused):
        check_layout(b'<!DOCTYPE x [<!ENTITY a "b">]><x/>')


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[3].glob("processes/*.bpmn")), ids=lambda path: path.stem
)
def test_our_own_diagrams_can_be_read(path: Path) -> None:
    assert check_layout(path.read_bytes(), file=path.name) == []
