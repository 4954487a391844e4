"""A diagram says the same after it went in, out and in again; what is lost is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiedan.flow.bpmn_facts import compare, facts_of
from jiedan.flow.bpmn_round_trip import run, travel
from jiedan.flow.content.xml import parse_xml

TRADE = Path(__file__).parent / "drawn" / "two_pools.bpmn"


@pytest.fixture(scope="module")
def trade() -> str:
    """Two pools with lanes, messages, data, a group, a boundary event and a drawing."""
    return TRADE.read_text("utf-8")


def differences(before: str, after: str) -> list[str]:
    found = compare(facts_of(parse_xml(before.encode())), facts_of(parse_xml(after.encode())))
    return [f"{one.key[0]} {one.key[1]}" for one in found]


def test_nothing_is_lost_on_the_way_in_and_out_and_in_again(trade: str) -> None:
    trip = travel(trade.encode(), filename="two_pools.bpmn")

    assert (trip.lost, trip.reported) == ((), 0)
    assert trip.facts == 50


def test_how_it_is_written_down_does_not_count(trade: str) -> None:
    other = (
        trade.replace("bpmn:", "b:")
        .replace("xmlns:bpmn=", "xmlns:b=")
        .replace('id="shape_1"', 'id="BPMNShape_77"')
        .replace(' cancelActivity="true"', "")
        .replace("\n", "\n   ")
        .replace('x="160"', 'x="160.00"')
    )

    assert differences(trade, other) == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('name="核对订单"', 'name="核对"', "userTask check_order"),
        ("<bpmn:userTask ", "<bpmn:task ", "userTask check_order"),
        ('targetRef="shipped"', 'targetRef="check_order"', "sequenceFlow to_shipped"),
        (">total &gt; 9<", ">total &gt; 8<", "sequenceFlow to_check"),
        ("<bpmn:flowNodeRef>check_order</bpmn:flowNodeRef>", "", "lane desk"),
        ('messageRef="paid"', 'messageRef="asked"', "messageEventDefinition on_paid"),
        ("<bpmn:messageEvent", "<bpmn:signalEvent", "messageEventDefinition on_paid"),
        ("PT4H", "PT5H", "timerEventDefinition late"),
        ('attachedToRef="check_order"', 'attachedToRef="ship"', "boundaryEvent too_late"),
        ('<bpmn:dataObject id="order_data" />', "", "dataObject order_data"),
        ('targetRef="begin"', 'targetRef="check_order"', "messageFlow asking"),
        ("Only by day", "Only by night", "textAnnotation remark"),
        ('x="300" y="100"', 'x="301" y="100"', "shape of check_order"),
        ('<di:waypoint x="500" y="370" />', "", "edge of to_shipped"),
        ('x="330" y="230"', 'x="330" y="231"', "label of too_late"),
        ('isHorizontal="true"', 'isHorizontal="false"', "shape of seller"),
        ('value="OC"', 'value="SR"', "extension of desk"),
    ],
)  # fmt: skip
def test_each_kind_of_loss_is_seen(trade: str, old: str, new: str, what: str) -> None:
    changed = trade.replace(old, new)
    assert changed != trade
    if new.startswith("<"):  # the end of the element as well
        tag, other = old.strip("< "), new.strip("< ")
        changed = changed.replace(f"</{tag}>", f"</{other}>")

    assert what in differences(trade, changed)


def test_what_the_import_converts_is_counted_apart(tmp_path: Path, trade: str) -> None:
    foreign = trade.replace("total &gt; 9", "${total &gt; 9}")
    (tmp_path / "foreign.bpmn").write_text(foreign, "utf-8")
    (tmp_path / "sound.bpmn").write_text(trade, "utf-8")
    (tmp_path / "bad.bpmn").write_text("<a/>", "utf-8")

    *lines, last = run(tmp_path)

    assert lines[0] == "bad.bpmn: refused: This is not a BPMN 2.0 diagram."
    assert lines[1].startswith("foreign.bpmn: ")
    assert lines[1].endswith(" facts, 0 lost, 1 converted and reported")
    assert len(lines) == 2
    assert last.startswith("round trip: same 2, different 0, refused 1 of 3; ")
