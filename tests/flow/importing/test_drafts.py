"""Imported diagrams are kept as drafts until somebody deploys or removes them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from jiedan.core.errors import JiedanError
from jiedan.flow.definitions import list_definitions
from jiedan.flow.errors import DeploymentRefused
from jiedan.flow.importing import drafts
from jiedan.flow.importing.drafts import (
    DraftNotFound,
    check_draft,
    deploy_draft,
    form_of_draft,
    import_draft,
    list_drafts,
    open_draft,
    remove_draft,
    save_draft,
)
from jiedan.flow.platform import Flow
from tests.flow.conftest import ADMIN
from tests.flow.importing.foreign import extended, file

FORM = '<x:formData><x:formField id="days" label="天数" type="long"/></x:formData>'
LEAVE = file(
    '<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="ask"/>'
    f'<userTask id="ask" name="请假" x:candidateGroups="OC">{extended(FORM)}</userTask>'
    '<sequenceFlow id="f2" sourceRef="ask" targetRef="e"/><endEvent id="e"/>'
)


def test_an_import_is_listed_with_the_newest_first(flow: Flow) -> None:
    for name in ("old.bpmn", "leave.bpmn", "new.bpmn"):
        import_draft(flow, actor=ADMIN, filename=name, content=LEAVE)

    assert [one.filename for one in list_drafts(flow).items] == [
        "new.bpmn",
        "leave.bpmn",
        "old.bpmn",
    ]
    assert [one.filename for one in list_drafts(flow, query="LEAVE").items] == ["leave.bpmn"]


def test_a_long_list_has_pages(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "PAGE", 2)
    for number in range(3):
        import_draft(flow, actor=ADMIN, filename=f"{number}.bpmn", content=LEAVE)

    first = list_drafts(flow)
    second = list_drafts(flow, after=first.after)

    assert [one.filename for one in first.items] == ["2.bpmn", "1.bpmn"]
    assert [one.filename for one in second.items] == ["0.bpmn"]
    assert (first.count.number, second.after) == (3, None)


def test_what_was_edited_is_kept_and_the_report_stays(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="leave.bpmn", content=LEAVE)
    edited = open_draft(flow, draft_id=draft.id).source.replace("请假".encode(), "请年假".encode())

    save_draft(flow, actor=ADMIN, draft_id=draft.id, source=edited)

    opened = open_draft(flow, draft_id=draft.id)
    assert opened.source == edited
    assert [row.rule for row in opened.imported.rows] == ["converted", "form_made"]
    assert opened.replaces == ()


def test_a_deployment_takes_the_forms_along_and_ends_the_draft(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="leave.bpmn", content=LEAVE)
    source = open_draft(flow, draft_id=draft.id).source

    deployed = deploy_draft(flow, actor=ADMIN, draft_id=draft.id, source=source, comment="")

    assert {(one.kind.value, one.key) for one in deployed.changed} == {
        ("process", "p"),
        ("form", "p_ask"),
    }
    assert {one.filename for one in list_definitions(flow)} == {"p.bpmn", "p_ask.form"}
    with pytest.raises(DraftNotFound):
        open_draft(flow, draft_id=draft.id)


def test_what_the_check_refuses_stays_a_draft(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="a.bpmn", content=LEAVE)
    broken = open_draft(flow, draft_id=draft.id).source.replace(b'targetRef="e"', b'targetRef="z"')

    assert any(one.refuses for one in check_draft(flow, draft_id=draft.id, source=broken))
    with pytest.raises(DeploymentRefused):
        deploy_draft(flow, actor=ADMIN, draft_id=draft.id, source=broken, comment="")

    assert len(list_drafts(flow).items) == 1


def test_a_process_that_is_there_already_is_pointed_out(flow: Flow) -> None:
    first = import_draft(flow, actor=ADMIN, filename="a.bpmn", content=LEAVE)
    source = open_draft(flow, draft_id=first.id).source
    deploy_draft(flow, actor=ADMIN, draft_id=first.id, source=source, comment="")

    second = import_draft(flow, actor=ADMIN, filename="b.bpmn", content=LEAVE)

    assert open_draft(flow, draft_id=second.id).replaces == ("p",)


def test_a_form_can_be_read_on_its_own(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="a.bpmn", content=LEAVE)

    assert "天数" in form_of_draft(flow, draft_id=draft.id, name="p_ask.form").decode()
    with pytest.raises(DraftNotFound):
        form_of_draft(flow, draft_id=draft.id, name="other.form")


def test_what_is_gone_is_not_found(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="a.bpmn", content=LEAVE)
    remove_draft(flow, actor=ADMIN, draft_id=draft.id)

    for missing in (draft.id, uuid4()):
        with pytest.raises(DraftNotFound):
            open_draft(flow, draft_id=missing)
        with pytest.raises(DraftNotFound):
            save_draft(flow, actor=ADMIN, draft_id=missing, source=LEAVE)
        with pytest.raises(DraftNotFound):
            remove_draft(flow, actor=ADMIN, draft_id=missing)


def test_a_draft_takes_no_hostile_file(flow: Flow) -> None:
    draft = import_draft(flow, actor=ADMIN, filename="a.bpmn", content=LEAVE)

    with pytest.raises(JiedanError, match="document type"):
        save_draft(flow, actor=ADMIN, draft_id=draft.id, source=b"<!DOCTYPE a><a/>")
    with pytest.raises(JiedanError):
        import_draft(flow, actor=ADMIN, filename="b.bpmn", content=b"<a/>")

    assert len(list_drafts(flow).items) == 1
