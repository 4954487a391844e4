"""The monitor's pages that take instances to another version, and mend them by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import update

from jiedan.core.actor import SYSTEM, Actor
from jiedan.flow.definitions import deploy
from jiedan.flow.instances import Started, show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.tables import StateRow
from jiedan.people.accounts import add_user

from .conftest import CONTENT, PASSWORD, Browser

Browsers = Callable[..., Browser]


@pytest.fixture
def admin(flow: Flow, browser: Browsers) -> Browser:
    """An administrator's browser."""
    with flow.platform.work(actor=SYSTEM) as work:
        add_user(
            work,
            login="zhangwei",
            name="张伟",
            name_en="Zhang Wei",
            roles={"AD"},
            password=PASSWORD,
            must_change_password=False,
        )
    return browser("zhangwei")


@pytest.fixture
def renamed(flow: Flow, tea: Started) -> Started:
    """A tea order that waits at an element which the newest version calls otherwise."""
    drawn = (CONTENT / "tea_order.bpmn").read_bytes()
    deploy(flow, actor=SYSTEM, files={"tea_order.bpmn": drawn.replace(b"enter_tea", b"write_tea")})
    return tea


def version(flow: Flow, started: Started) -> int:
    return show_instance(flow, instance_id=started.instance_id).item.version


def begin(admin: Browser, **form: str) -> str:
    """Choose instances and have them tried; the address of the migration."""
    choice = {"process": "tea_order", "target": "2", "choice": "all", **form}
    answer = admin.post("/monitor/migrations", choice)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_a_migration_is_tried_mapped_done_and_taken_back(
    flow: Flow, admin: Browser, renamed: Started
) -> None:
    page = admin.get("/monitor/migrations/new?process=tea_order&version=1&target=2").text
    assert "Try all 1" in page
    address = begin(admin, version="1")
    tried = admin.get(address).text
    assert "“Enter tea” is not in the new version" in tried
    assert "None of them can go" in tried

    admin.post(f"{address}/mapping", {"to:tea_order/enter_tea": "write_tea"})
    assert "Migrate 1 instances" in admin.get(address).text
    done = admin.post(f"{address}/run", {"reason": "clearer names"})
    assert done.status_code == 303
    assert version(flow, renamed) == 2
    instance = f"/monitor/instances/{renamed.instance_id}"
    story = admin.get(instance).text
    assert "took it from version 1 to version 2" in story
    assert "Take the migration back" in story

    admin.post(f"{address}/reversion", {"reason": "not clearer"})
    assert version(flow, renamed) == 1
    assert "taken back" in admin.get(address).text
    assert "took it back from version 2 to version 1" in admin.get(instance).text


def test_one_instance_is_taken_back_from_its_own_page(
    flow: Flow, admin: Browser, renamed: Started
) -> None:
    address = begin(admin)
    admin.post(f"{address}/mapping", {"to:tea_order/enter_tea": "write_tea"})
    admin.post(f"{address}/run", {"reason": "clearer names"})

    answer = admin.post(
        f"/monitor/instances/{renamed.instance_id}/migration-reversal", {"reason": "not for it"}
    )

    assert answer.status_code == 303
    assert version(flow, renamed) == 1


def test_only_the_chosen_are_tried(flow: Flow, admin: Browser, renamed: Started) -> None:
    deploy(flow, actor=SYSTEM, files={"tea_order.bpmn": (CONTENT / "tea_order.bpmn").read_bytes()})
    clerk = Actor("sunyue", "孙悦", frozenset({"OC"}))
    other = start_instance(flow, actor=clerk, process_id="tea_order")

    address = begin(admin, choice="some", instance=str(other.instance_id))

    assert str(other.instance_id) in admin.get(address).text
    assert str(renamed.instance_id) not in admin.get(address).text


def test_both_diagrams_are_shown_with_what_stands_where(admin: Browser, renamed: Started) -> None:
    address = begin(admin)

    source = admin.get(f"{address}/source.json").get_json()
    target = admin.get(f"{address}/target.json").get_json()

    assert source["elements"]["tea_order"]["enter_tea"] == {"active": 1, "done": 0, "incident": 1}
    assert [one["version"] for one in source["processes"]] == [1]
    assert [one["version"] for one in target["processes"]] == [2]
    assert admin.get(target["processes"][0]["xml"]).status_code == 200


def test_mistakes_are_answered_and_not_acted_on(
    flow: Flow, admin: Browser, renamed: Started
) -> None:
    assert admin.post("/monitor/migrations", {"process": "tea_order"}).status_code == 422
    new = "/monitor/migrations/new?process=tea_order&target=9"
    assert admin.get(new).status_code == 422
    address = begin(admin)
    strange = admin.post(f"{address}/mapping", {"to:tea_order/enter_tea": "nowhere"})
    assert strange.status_code == 422
    admin.post(f"{address}/mapping", {"to:tea_order/enter_tea": "write_tea"})
    assert admin.post(f"{address}/run", {"reason": " "}).status_code == 422
    assert admin.post(f"{address}/reversion", {"reason": "too early"}).status_code == 409
    assert version(flow, renamed) == 1


def test_strangers_do_not_learn_that_there_are_migrations(
    browser: Browsers, admin: Browser, renamed: Started
) -> None:
    address = begin(admin)
    sunyue = browser("sunyue")
    instance = f"/monitor/instances/{renamed.instance_id}"

    for path in ("/monitor/migrations", "/monitor/migrations/new", address, f"{instance}/repair"):
        assert sunyue.get(path).status_code == 404, path
    for path in (f"{address}/run", f"{instance}/variables", f"{instance}/migration-reversal"):
        assert sunyue.post(path, {"reason": "because"}).status_code == 404, path


def test_an_admin_moves_a_token_and_sets_variables(
    flow: Flow, admin: Browser, tea: Started
) -> None:
    instance = f"/monitor/instances/{tea.instance_id}"
    page = admin.get(f"{instance}/repair").text
    found = re.search(rf"{instance}/tokens/([0-9a-f-]+)/move", page)
    assert found is not None
    token = UUID(found.group(1))

    set_ = admin.post(
        f"{instance}/variables",
        {"variables": '{"sort": "oolong"}', "original": "{}", "reason": "told by phone"},
    )
    moved = admin.post(
        f"{instance}/tokens/{token}/move", {"element": "review_tea", "reason": "on paper"}
    )

    assert (set_.status_code, moved.status_code) == (303, 303)
    view = show_instance(flow, instance_id=tea.instance_id)
    assert view.variables["sort"] == "oolong"
    assert [one.element_id for one in view.tokens] == ["review_tea"]
    story = admin.get(instance).text
    assert "moved it from" in story
    assert "set the variables sort" in story
    gone = admin.post(
        f"{instance}/tokens/{token}/move", {"element": "review_tea", "reason": "again"}
    )
    assert gone.status_code == 409


def test_the_last_token_can_be_taken_away(flow: Flow, admin: Browser, tea: Started) -> None:
    instance = f"/monitor/instances/{tea.instance_id}"
    found = re.search(r"tokens/([0-9a-f-]+)/cancellation", admin.get(f"{instance}/repair").text)
    assert found is not None

    admin.post(f"{instance}/tokens/{found.group(1)}/cancellation", {"reason": "no longer"})

    state = show_instance(flow, instance_id=tea.instance_id).item.state
    assert state is InstanceState.COMPLETED


def test_what_cannot_be_read_is_still_shown(flow: Flow, admin: Browser, tea: Started) -> None:
    with flow.platform.work(actor=SYSTEM) as work:
        work.session.execute(
            update(StateRow)
            .where(StateRow.instance_id == tea.instance_id)
            .values(content=b"\x02\x00\x00\x00\x00\x00{}")
        )
    flow.caches.live.clear()
    instance = f"/monitor/instances/{tea.instance_id}"

    assert "The stored state cannot be read" in admin.get(instance).text
    assert admin.get(f"{instance}/diagram.json").status_code == 200
    assert "It stands nowhere" in admin.get(f"{instance}/repair").text
