"""Attached files: kept by content, and looked at before they are kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.file_types import (
    ArchiveRefused,
    FileContentMismatch,
    FileEmpty,
    FileNameInvalid,
    FileTypeRefused,
)
from jiedan.core.files import (
    AttachmentLocked,
    FileMissing,
    FileStore,
    FileTooLarge,
    attach_file,
    find_attachment,
    list_attachments,
    lock_attachments,
    remove_attachment,
)
from jiedan.core.parameters import change_parameter
from jiedan.core.platform import Platform

People = Callable[..., Actor]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPG = b"\xff\xd8\xff\xe0" + bytes(100)


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


DOCX = archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
XLSX = archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"})


def put(store: FileStore, content: bytes, name: str) -> str:
    return store.put(io.BytesIO(content), name).sha256


@pytest.mark.parametrize(
    ("name", "content", "mime"),
    [
        ("合同v1.2（终稿）.pdf", PDF, "application/pdf"),
        ("photo.PNG", PNG, "image/png"),
        ("photo.jpeg", JPG, "image/jpeg"),
        ("files.zip", archive({"a/b.txt": b"hello"}), "application/zip"),
    ],
)
def test_an_accepted_file_is_kept_by_its_content(
    platform: Platform, name: str, content: bytes, mime: str
) -> None:
    stored = platform.files.put(io.BytesIO(content), name)

    assert (stored.mime, stored.size, stored.filename) == (mime, len(content), name)
    with platform.files.open(stored.sha256) as file:
        assert file.read() == content
    assert platform.files.is_intact(stored.sha256)


def test_office_documents_are_known_by_what_is_in_them(platform: Platform) -> None:
    assert platform.files.put(io.BytesIO(DOCX), "a.docx").mime.endswith("document")
    assert platform.files.put(io.BytesIO(XLSX), "a.xlsx").mime.endswith("sheet")
    with pytest.raises(FileContentMismatch):
        put(platform.files, XLSX, "a.docx")


def test_the_same_content_is_kept_once(platform: Platform) -> None:
    first, second = (put(platform.files, PDF, name) for name in ("a.pdf", "b.pdf"))

    assert first == second
    assert len([path for path in platform.files.folder.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.pdf",
        "..\\..\\boot.pdf",
        "/etc/passwd.pdf",
        "C:evil.pdf",
        "invoice.exe.pdf",
        "invoice.php.jpg",
        "invoice.pdf.zip",
        "invoice\u202efdp.pdf",
        "in\x00voice.pdf",
        ".pdf",
        " .pdf",
        "a" * 300 + ".pdf",
        "what?.pdf",
    ],
)
def test_a_file_name_with_a_trick_in_it_is_refused(platform: Platform, name: str) -> None:
    with pytest.raises(FileNameInvalid):
        put(platform.files, PDF, name)


@pytest.mark.parametrize("name", ["run.exe", "page.html", "pic.svg", "noextension", "a.pdf."])
def test_only_known_types_are_accepted(platform: Platform, name: str) -> None:
    with pytest.raises(FileTypeRefused):
        put(platform.files, PDF, name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", PNG),
        ("a.pdf", b"MZ\x90\x00" + PDF),
        ("a.pdf", b"GIF89a" + PDF),
        ("a.png", PDF),
        ("a.jpg", b"<script>alert(1)</script>"),
        ("a.png", PNG + b"<script>alert(1)</script>"),
        ("a.pdf", PDF + archive({"x.txt": b"x"})),
        ("a.jpg", JPG + archive({"x.class": b"x"})),
        ("a.docx", archive({"hello.txt": b"x"})),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(
    platform: Platform, name: str, content: bytes
) -> None:
    with pytest.raises(FileContentMismatch):
        put(platform.files, content, name)


@pytest.mark.parametrize(
    "members",
    [
        {"../evil.txt": b"x"},
        {"/etc/passwd": b"x"},
        {"C:\\x.txt": b"x"},
        {"inner.zip": b"x"},
        {"run.exe": b"x"},
        {f"{n}.txt": b"" for n in range(2001)},
        {"zeros.txt": bytes(30_000_000)},
    ],
)
def test_an_archive_that_harms_who_unpacks_it_is_refused(
    platform: Platform, members: dict[str, bytes]
) -> None:
    with pytest.raises(ArchiveRefused):
        put(platform.files, archive(members), "a.zip")


def test_a_document_with_macros_is_refused(platform: Platform) -> None:
    content = archive({"[Content_Types].xml": b"", "word/vbaProject.bin": b"", "word/a.xml": b""})

    with pytest.raises(ArchiveRefused):
        put(platform.files, content, "a.docx")


def test_an_archive_whose_members_overlap_is_refused(platform: Platform) -> None:
    content = archive({"a.txt": bytes(range(256)) * 400})
    claimed = int.from_bytes(content[18:22], "little")
    central = content.rindex(b"PK\x01\x02")
    forged = bytearray(content)
    forged[central + 20 : central + 24] = (claimed + len(content)).to_bytes(4, "little")

    with pytest.raises(ArchiveRefused):
        put(platform.files, bytes(forged), "a.zip")


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(50), b"PK\x03\x04"])
def test_a_damaged_archive_is_refused(platform: Platform, content: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        put(platform.files, content, "a.zip")


def test_an_empty_file_is_refused(platform: Platform) -> None:
    with pytest.raises(FileEmpty):
        put(platform.files, b"", "a.pdf")


def test_the_size_limit_is_a_parameter_and_nothing_is_left_behind(platform: Platform) -> None:
    with platform.work(actor=SYSTEM) as work:
        change_parameter(work, name="upload.max_mb", value=1, reason="small disk")

    with pytest.raises(FileTooLarge, match="at most 1 MB"):
        put(platform.files, PDF + bytes(1024 * 1024), "a.pdf")

    assert list(platform.files.folder.iterdir()) == []


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 64])
def test_what_was_never_kept_is_not_there(platform: Platform, digest: str) -> None:
    with pytest.raises(FileMissing):
        platform.files.open(digest)
    assert not platform.files.is_intact(digest)


def test_a_file_changed_on_disk_is_found_out(platform: Platform) -> None:
    digest = put(platform.files, PDF, "a.pdf")
    platform.files.path(digest).write_bytes(PDF + b"more")

    assert not platform.files.is_intact(digest)


def test_a_file_with_the_same_name_is_a_new_version(platform: Platform, actor: People) -> None:
    first = platform.files.put(io.BytesIO(PDF), "a.pdf")
    second = platform.files.put(io.BytesIO(PDF + b"\n"), "a.pdf")

    with platform.work(actor=actor("sunyue")) as work:
        attach_file(work, entity="order:1", file=first)
        work.session.flush()
        attach_file(work, entity="order:1", file=second, note=" signed ")

    with platform.read() as session:
        found = list_attachments(session, "order:1", "order:2")
        assert [(a.version, a.note, a.uploaded_by) for a in found] == [
            (1, "", "sunyue"),
            (2, "signed", "sunyue"),
        ]


def test_a_finished_step_keeps_its_attachments(platform: Platform, actor: People) -> None:
    file = platform.files.put(io.BytesIO(PDF), "a.pdf")
    with platform.work(actor=actor()) as work:
        kept = attach_file(work, entity="task:1", file=file).id
        gone = attach_file(work, entity="task:2", file=file).id

    with platform.work(actor=actor()) as work:
        lock_attachments(work, entity="task:1")
        remove_attachment(work, attachment_id=gone)

    with platform.work(actor=actor()) as work, pytest.raises(AttachmentLocked):
        remove_attachment(work, attachment_id=kept)
    with platform.read() as session:
        assert find_attachment(session, kept).filename == "a.pdf"
        with pytest.raises(FileMissing):
            find_attachment(session, gone)
