"""A day's work in the pages: find, claim, fill in, decide, and who may not."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.flow.instances import Started, show_instance, start_instance
from jiedan.flow.platform import Flow
from jiedan.flow.states import InstanceState
from jiedan.flow.tasks import complete_task, open_task

from .conftest import Browser, csrf_of

Browsers = Callable[..., Browser]
SUNYUE = Actor("sunyue", "孙悦", frozenset({"OC"}))
ENTRY = {
    "guest": "王先生",
    "way": "bring",
    "place.address": "茶马巷 7 号",
    "lines[0].tea": "龙井",
    "lines[0].qty": "2",
    "lines[0].price": "38.50",
}
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def task_of(tea: Started) -> UUID:
    return tea.next_tasks[0].task_id


def hand_in(browser: Browser, task_id: UUID, outcome: str = "submit", **changes: str) -> object:
    page = browser.get(f"/tasks/{task_id}").text
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', page))
    return browser.post(f"/tasks/{task_id}/completion", {**hidden, "_outcome": outcome, **changes})


def test_the_inbox_shows_what_is_mine_by_role_and_nobody_elses(
    browser: Browsers, tea: Started
) -> None:
    assert "Enter tea" in browser("sunyue").get("/inbox").text
    assert "Enter tea" not in browser("qianmin").get("/inbox").text


def test_a_late_task_is_marked_and_can_be_filtered(
    browser: Browsers, tea: Started, clock: MovableClock
) -> None:
    sunyue = browser("sunyue")
    clock.advance(timedelta(minutes=100))
    sunyue.get("/inbox")
    clock.advance(timedelta(minutes=100))
    sunyue.get("/inbox")
    on_time = sunyue.get("/inbox?overdue=1").text
    for _ in range(4):
        clock.advance(timedelta(minutes=90))
        sunyue.get("/inbox")

    late = sunyue.get("/inbox?overdue=1").text

    assert "Nothing matches" in on_time
    assert "Enter tea" in late
    assert "due is-late" in late


def test_a_page_that_looks_for_new_work_is_told_only_when_there_is_some(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    sunyue = browser("sunyue")
    first = sunyue.get("/inbox?part=rows")

    same = sunyue.get("/inbox?part=rows", headers={"If-None-Match": first.headers["ETag"]})
    start_instance(flow, actor=SUNYUE, process_id="tea_order")
    news = sunyue.get("/inbox?part=rows", headers={"If-None-Match": first.headers["ETag"]})

    assert same.status_code == 304
    assert news.status_code == 200
    assert news.text.count("data-open") == 2
    assert "<html" not in news.text


def test_claiming_from_the_list_opens_the_task_and_others_are_told(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    sunyue = browser("sunyue")

    claimed = sunyue.post(f"/inbox/{task_of(tea)}/claim")

    assert claimed.location == f"/tasks/{task_of(tea)}"
    assert open_task(flow, actor=SUNYUE, task_id=task_of(tea)).assignee == "sunyue"


@pytest.mark.req("A25")
def test_a_stranger_finds_no_task(browser: Browsers, tea: Started) -> None:
    stranger = browser("stranger")

    assert stranger.get(f"/tasks/{task_of(tea)}").status_code == 404
    assert stranger.post(f"/tasks/{task_of(tea)}/claim").status_code == 404
    assert hand_in(stranger, task_of(tea), **ENTRY).status_code == 404  # type: ignore[attr-defined]


def test_handing_in_moves_the_tea_on_to_the_reviewer(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    answer = hand_in(browser("sunyue"), task_of(tea), **ENTRY)

    view = show_instance(flow, instance_id=tea.instance_id)
    assert answer.status_code == 303  # type: ignore[attr-defined]
    assert "Review tea" in browser("qianmin").get("/inbox").text
    assert view.variables["lines"] == [{"tea": "龙井", "qty": "2", "price": 3850}]
    assert view.variables["place"] == {"address": "茶马巷 7 号"}


def test_a_wrong_answer_comes_back_with_what_was_typed_and_changes_nothing(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    wrong = {**ENTRY, "lines[0].qty": "-1", "phone": "abc", "guest": "<b>王</b>"}

    answer = hand_in(browser("sunyue"), task_of(tea), **wrong)

    page = answer.text  # type: ignore[attr-defined]
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "2 things need your attention" in page
    assert "More than 0, please." in page
    assert 'value="-1"' in page
    assert "&lt;b&gt;王&lt;/b&gt;" in page
    assert "<b>王</b>" not in page
    assert open_task(flow, actor=SUNYUE, task_id=task_of(tea)).state.is_open


@pytest.mark.req("A25")
def test_a_field_that_is_not_on_the_form_is_refused(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    answer = hand_in(browser("sunyue"), task_of(tea), **ENTRY, state="approved")

    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert "does not belong to the form" in answer.text  # type: ignore[attr-defined]


def test_a_second_click_is_the_same_click(browser: Browsers, tea: Started, flow: Flow) -> None:
    sunyue = browser("sunyue")
    page = sunyue.get(f"/tasks/{task_of(tea)}").text
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', page))
    answer = {**hidden, "_outcome": "submit", **ENTRY}

    first = sunyue.post(f"/tasks/{task_of(tea)}/completion", answer)
    second = sunyue.post(f"/tasks/{task_of(tea)}/completion", answer)

    assert first.status_code == second.status_code == 303
    assert len(show_instance(flow, instance_id=tea.instance_id).tasks) == 2


def test_who_comes_second_is_told_who_was_faster(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    sunyue = browser("sunyue")
    page = sunyue.get(f"/tasks/{task_of(tea)}").text
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', page))
    hand_in(browser("sunyue"), task_of(tea), **ENTRY)

    late = sunyue.post(
        f"/tasks/{task_of(tea)}/completion", {**hidden, "_outcome": "submit", **ENTRY}
    )

    assert late.status_code == 409
    assert "already completed this task" in late.text


def test_the_form_works_row_by_row_without_any_script(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")

    added = sunyue.post(f"/tasks/{task_of(tea)}/form", {**ENTRY, "_row": "add:lines"}).text
    copied = sunyue.post(f"/tasks/{task_of(tea)}/form", {**ENTRY, "_row": "copy:lines[0]"}).text
    removed = sunyue.post(f"/tasks/{task_of(tea)}/form", {**ENTRY, "_row": "remove:lines[0]"}).text

    assert 'name="lines[1].tea"' in added
    assert 'name="lines[1].tea"' in copied
    assert copied.count('value="龙井"') == 2
    assert 'name="lines[0].tea"' not in removed


def test_a_condition_is_looked_at_again_when_asked(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")

    here = sunyue.post(f"/tasks/{task_of(tea)}/form", {"way": "here"}).text
    bring = sunyue.post(f"/tasks/{task_of(tea)}/form", {"way": "bring"}).text

    assert 'name="place.address"' not in here
    assert 'name="place.address"' in bring


def test_checking_on_the_way_complains_only_about_what_is_filled_in(
    browser: Browsers, tea: Started
) -> None:
    page = browser("sunyue").post(f"/tasks/{task_of(tea)}/form", {"phone": "12"}).text

    assert "A phone number such as" in page
    assert "Please fill this in." not in page


def test_only_the_form_comes_back_to_htmx(browser: Browsers, tea: Started) -> None:
    answer = browser("sunyue").post(
        f"/tasks/{task_of(tea)}/form", {"way": "here"}, headers={"HX-Request": "true"}
    )

    assert answer.text.lstrip().startswith("<form")
    assert "<html" not in answer.text


def test_a_page_that_is_older_than_the_draft_is_refused_with_the_difference(
    browser: Browsers, tea: Started
) -> None:
    sunyue = browser("sunyue")
    page = sunyue.get(f"/tasks/{task_of(tea)}").text
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', page))
    sunyue.post(f"/tasks/{task_of(tea)}/draft", {**hidden, "guest": "from the other tab"})

    answer = sunyue.post(
        f"/tasks/{task_of(tea)}/completion", {**hidden, "_outcome": "submit", **ENTRY}
    )

    assert answer.status_code == 409
    assert "from the other tab" in answer.text
    assert 'value="王先生"' in answer.text


def test_a_draft_is_kept_as_it_was_typed(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")
    sunyue.post(f"/tasks/{task_of(tea)}/claim")
    version = re.findall(
        r'name="_version" value="(\d+)"', sunyue.get(f"/tasks/{task_of(tea)}").text
    )

    sunyue.post(
        f"/tasks/{task_of(tea)}/draft",
        {"_version": version[0], "guest": "半个名", "lines[0].qty": "two"},
    )
    page = sunyue.get(f"/tasks/{task_of(tea)}").text

    assert 'value="半个名"' in page
    assert 'value="two"' in page


def test_files_are_put_beside_the_task_checked_and_handed_out_again(
    browser: Browsers, tea: Started
) -> None:
    sunyue = browser("sunyue")
    sunyue.post(f"/tasks/{task_of(tea)}/files", {"file": (io.BytesIO(PDF), "letter.pdf")})
    page = sunyue.get(f"/tasks/{task_of(tea)}").text
    address = re.findall(r'href="(/files/[^"]+)"', page)[0]

    answer = sunyue.get(address, buffered=True)

    assert answer.data == PDF
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert browser("stranger").get(address).status_code == 404


@pytest.mark.req("A25")
def test_a_dangerous_file_is_refused_with_a_reason(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")

    sunyue.post(f"/tasks/{task_of(tea)}/files", {"file": (io.BytesIO(b"MZ\x90"), "tool.exe")})
    page = sunyue.get(f"/tasks/{task_of(tea)}").text

    assert "tool.exe:" in page
    assert "No files yet." in page


def test_a_file_field_keeps_its_file_through_a_refused_answer(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    sunyue = browser("sunyue")
    page = sunyue.get(f"/tasks/{task_of(tea)}").text
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', page))
    bad = {**hidden, "_outcome": "submit", **ENTRY, "guest": ""}

    refused = sunyue.post(
        f"/tasks/{task_of(tea)}/completion", {**bad, "letter": (io.BytesIO(PDF), "l.pdf")}
    )
    kept = re.findall(r'name="letter" value="([^"]+)"', refused.text)
    hidden = dict(re.findall(r'name="(_version|_key)" value="([^"]+)"', refused.text))
    accepted = sunyue.post(
        f"/tasks/{task_of(tea)}/completion",
        {**hidden, "_outcome": "submit", **ENTRY, "letter": kept[0]},
    )

    assert refused.status_code == 422
    assert accepted.status_code == 303
    assert show_instance(flow, instance_id=tea.instance_id).variables["letter"] == kept


def test_comments_stay_with_the_task_and_are_shown_as_text(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")

    sunyue.post(f"/tasks/{task_of(tea)}/comments", {"text": "<i>hot</i> {{7*7}}"})
    page = sunyue.get(f"/tasks/{task_of(tea)}").text

    assert "&lt;i&gt;hot&lt;/i&gt; {{7*7}}" in page


def test_the_whole_story_with_names_decisions_and_reasons(
    browser: Browsers, tea: Started, flow: Flow
) -> None:
    hand_in(browser("sunyue"), task_of(tea), **ENTRY, _note="in a hurry")
    qianmin = browser("qianmin")
    review = next(
        one.task_id
        for one in show_instance(flow, instance_id=tea.instance_id).tasks
        if one.element_id == "review_tea"
    )

    refused = hand_in(qianmin, review, "reject")
    rejected = hand_in(qianmin, review, "reject", opinion="too strong for the hour")
    page = browser("sunyue").get(f"/orders/instances/{tea.instance_id}").text

    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert rejected.status_code == 303  # type: ignore[attr-defined]
    assert show_instance(flow, instance_id=tea.instance_id).item.state is InstanceState.COMPLETED
    assert "Submit for review" in page
    assert "in a hurry" in page
    assert "Reject" in page


def test_a_stranger_does_not_see_the_story(browser: Browsers, tea: Started) -> None:
    assert browser("stranger").get(f"/orders/instances/{tea.instance_id}").status_code == 404


def test_done_and_started_lists_fill_up(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")
    hand_in(sunyue, task_of(tea), **ENTRY)

    assert "Submit for review" in sunyue.get("/inbox/done").text
    assert "Review tea" in sunyue.get("/inbox/started").text


def test_a_button_that_gives_up_needs_nothing_filled_in(browser: Browsers, tea: Started) -> None:
    answer = hand_in(browser("sunyue"), task_of(tea), "drop")

    assert answer.status_code == 303  # type: ignore[attr-defined]


def test_home_suits_the_role(browser: Browsers) -> None:
    assert browser("sunyue").get("/").location == "/inbox"
    assert browser("zhuzhi").get("/").location == "/dashboard"


def test_pages_speak_the_readers_language(browser: Browsers, tea: Started, flow: Flow) -> None:
    sunyue = browser("sunyue")
    english = sunyue.get(f"/tasks/{task_of(tea)}").text
    sunyue.client.set_cookie("locale", "zh")
    chinese = sunyue.get(f"/tasks/{task_of(tea)}").text

    assert "Drink here" in english
    assert "堂饮" in chinese
    assert "提交审核" in chinese
    assert csrf_of(chinese)


def test_completing_is_one_transaction_with_the_service(flow: Flow, tea: Started) -> None:
    from jiedan.flow.tasks import Answer

    done = complete_task(
        flow,
        actor=SUNYUE,
        task_id=task_of(tea),
        version=None,
        answer=Answer(
            "submit", {"guest": "A", "way": "here", "lines": [{"tea": "x", "qty": "1", "price": 1}]}
        ),
    )

    assert [one.element_id for one in done.next_tasks] == ["review_tea"]
