"""What every answer tells the browser, and what no form may do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from jiedan.flow.instances import Started

from .conftest import Browser

Browsers = Callable[..., Browser]


@pytest.mark.parametrize("path", ["/sign-in", "/help", "/nowhere", "/inbox"])
def test_every_page_allows_only_our_own_scripts(browser: Browsers, path: str) -> None:
    policy = browser().get(path).headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


def test_no_page_carries_script_or_style_of_its_own(browser: Browsers, tea: Started) -> None:
    sunyue = browser("sunyue")

    pages = [sunyue.get(path).text for path in ("/inbox", "/start", "/help", "/orders")]
    pages.append(sunyue.get(f"/tasks/{tea.next_tasks[0].task_id}").text)

    for page in pages:
        assert "<style" not in page
        assert "onclick=" not in page
        assert "<script>" not in page


@pytest.mark.req("A25")
@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/preferences", "/start/order", "/notices/reading"]
)
def test_a_form_from_elsewhere_is_refused(browser: Browsers, path: str) -> None:
    sunyue = browser("sunyue")

    answer = sunyue.client.post(path, data={"locale": "zh"})

    assert answer.status_code == 403
    assert "too old" in answer.text


def test_every_view_needs_a_sign_in_unless_it_says_otherwise(app: Flask) -> None:
    open_to_all = {
        "preferences.choose", "signin.show", "signin.enter", "signin.enter_demo", "signin.leave",
        "help.contents", "help.page", "health.show",
        # Links are secrets themselves: the customer has no account.
        "portal.show", "portal.know", "portal.confirm", "portal.object_to", "portal.report",
    }  # fmt: skip

    found = {
        name
        for name, view in app.view_functions.items()
        if getattr(view, "open_to_all", False) and not name.startswith("api.")
    }

    assert found == open_to_all


def test_a_request_that_is_too_large_is_refused_by_a_page(browser: Browsers) -> None:
    answer = browser("sunyue").post("/preferences", {"theme": "x" * 2_000_000})

    assert answer.status_code == 413
    assert "too large" in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/tasks/00000000-0000-0000-0000-000000000000", 404),
        ("/orders/XS20260302-0001-1", 404),
        ("/orders/XS20260302-0001-2", 404),
        ("/orders/00000000-0000-0000-0000-000000000000", 404),
        ("/orders/instances/00000000-0000-0000-0000-000000000000", 404),
        ("/files/00000000-0000-0000-0000-000000000000", 404),
        ("/help/../../etc/passwd", 404),
        ("/help/..%2f..%2fconfig%2fsettings", 404),
        ("/sign-out", 405),
        ("/catalogue/NO-SUCH", 404),
        ("/customers/00000000-0000-0000-0000-000000000000", 404),
        ("/choices/rm%20-rf", 404),
    ],
)
@pytest.mark.req("A25")
def test_failures_are_friendly_pages(browser: Browsers, path: str, status: int) -> None:
    answer = browser("sunyue").get(path)

    assert answer.status_code == status
    assert "To my desk" in answer.text
    assert "Traceback" not in answer.text


def test_programs_get_problem_documents(browser: Browsers) -> None:
    answer = browser("sunyue").get("/nowhere", headers={"Accept": "application/json"})

    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["status"] == 404


def test_a_bug_is_told_in_a_sentence_and_leaves_a_number_for_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    answer = Browser(app).sign_in("sunyue").get("/broken")

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Nothing was changed." in answer.text
    assert "unexpected failure" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](data:text/html,<script>1</script>)",
    ],
)
def test_markdown_never_runs_anything(text: str) -> None:
    from jiedan.web.markdown import render

    html = str(render(text)).lower()

    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img src=x" not in html
    assert 'src="data:text/html' not in html
