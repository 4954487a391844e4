"""SPEC A25: which files nobody can put beside a task."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.scenarios.hostility import Send, browser, refused
from tests.scenarios.paths import accepted
from tests.world import PDF, World

pytestmark = pytest.mark.req("A25")

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def archive(**members: bytes) -> bytes:
    """A zip of these members; `__` in a name stands for a slash, `_dot_` for a dot."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bag:
        for name, content in members.items():
            bag.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return made.getvalue()


def climbing() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as bag:
        bag.writestr("../../etc/passwd", "root")
    return made.getvalue()


def bomb() -> bytes:
    """30 MB of nothing in 30 kB."""
    return archive(nothing_dot_txt=b"\0" * 30_000_000)


def pdf_and_zip() -> bytes:
    """A PDF for one reader, an archive for another."""
    return PDF + archive(a_dot_txt=b"x")


HOSTILE: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("../../etc/passwd", lambda: b"root:x:0:0"),
    ("../../etc/proof.pdf", lambda: PDF),
    ("..\\\\..\\\\windows\\\\proof.pdf", lambda: PDF),
    ("/etc/proof.pdf", lambda: PDF),
    ("proof.php.pdf", lambda: PDF),
    ("proof.pdf.exe", lambda: PDF),
    ("proof.exe", lambda: b"MZ"),
    ("proof.svg", lambda: b"<svg onload='alert(1)'/>"),
    ("proof.html", lambda: b"<script>alert(1)</script>"),
    ("proof\u202efdp.exe", lambda: b"MZ"),
    ("<script>.pdf", lambda: PDF),
    (".pdf", lambda: PDF),
    ("x" * 300 + ".pdf", lambda: PDF),
    ("proof.pdf", lambda: b""),
    ("proof.pdf", lambda: b"MZ\x90\0"),
    ("proof.png", lambda: PNG + b"<script>alert(1)</script>"),
    ("proof.png", lambda: b"GIF89a<script>alert(1)</script>"),
    ("proof.pdf", pdf_and_zip),
    ("proof.zip", bomb),
    ("proof.zip", climbing),
    ("proof.zip", lambda: archive(inner_dot_zip=archive(a=b"x"))),
    ("proof.zip", lambda: archive(run_dot_exe=b"MZ")),
    ("proof.zip", lambda: archive(a=b"x")[:-10]),
    ("proof.docx", lambda: archive(a_dot_txt=b"x")),
    ("proof.docx", lambda: archive(word__vbaProject_dot_bin=b"x")),
)


def upload(world: World, task: dict[str, Any], name: str, content: bytes, login: str) -> Send:
    """Putting a file beside a task, with its name to the letter."""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--edge--\r\n"

    def send(headers: dict[str, str]) -> TestResponse:
        return world.client.post(
            f"/api/v1/tasks/{task['id']}/attachments",
            data=body,
            content_type="multipart/form-data; boundary=edge",
            headers={"Authorization": f"Bearer {world.person(login).token}", **headers},
        )

    return send


@pytest.fixture(scope="module")
def task(day: World) -> dict[str, Any]:
    """An open task that files could be put beside."""
    return day.sunyue.task("enter_order", accepted(day))


@pytest.mark.parametrize(
    ("name", "content"), HOSTILE, ids=[f"{i}-{one[0][:30]!r}" for i, one in enumerate(HOSTILE)]
)
def test_a_hostile_file_is_refused_and_not_kept(
    day: World, task: dict[str, Any], name: str, content: Callable[[], bytes]
) -> None:
    refused(day, 422, upload(day, task, name, content(), "sunyue"))


def test_a_file_above_the_limit_is_refused_and_not_kept(day: World, task: dict[str, Any]) -> None:
    limit = int(day.flow.platform.parameters.number("upload.max_mb"))
    body = PDF + b"\0" * (limit * 1024 * 1024)

    read = refused(day, 413, upload(day, task, "large.pdf", body, "sunyue"))

    assert str(limit) in read["detail"]


def test_a_file_beside_somebody_elses_task_is_refused(day: World, task: dict[str, Any]) -> None:
    refused(day, 404, upload(day, task, "proof.pdf", PDF, "duchuan"))


def test_a_request_without_a_file_is_refused(day: World, task: dict[str, Any]) -> None:
    path = f"/tasks/{task['id']}/attachments"

    refused(day, 422, lambda said: day.sunyue.call("POST", path, {}, **said))


def test_a_kept_file_can_do_nothing_in_a_browser_and_strangers_do_not_get_it(world: World) -> None:
    task = world.sunyue.task("enter_order", accepted(world))
    kept = world.sunyue.attach(task["id"])

    mine = browser(world, "sunyue").get(f"/files/{kept}")
    mine.close()
    strangers = browser(world, "duchuan").get(f"/files/{kept}")

    assert mine.status_code == 200
    assert mine.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert mine.headers["X-Content-Type-Options"] == "nosniff"
    assert strangers.status_code == 404
