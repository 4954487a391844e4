"""What a file is, judged by its content: the types we accept and the tricks we refuse."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from jiedan.core.errors import Invalid
from jiedan.core.text import clean_line

TYPES: dict[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""The accepted extensions and their media types (SPEC S0.2)."""

# A file inside an archive may be this much larger than the archive itself, in all.
_EXPANSION = 100
_MEMBERS = 2000
_MAGIC = {
    "pdf": b"%PDF-",
    "png": b"\x89PNG\r\n\x1a\n",
    "jpg": b"\xff\xd8\xff",
    "zip": b"PK\x03\x04",
}
_FOLDER_OF = {"docx": "word/", "xlsx": "xl/"}
_PROGRAMS = frozenset(
    (
        *("exe", "dll", "bat", "cmd", "com", "scr", "msi", "ps1", "vbs", "js", "mjs", "jse"),
        *("wsf", "hta", "jar", "sh", "bash", "py", "pl", "rb", "php", "php5", "phtml", "asp"),
        *("aspx", "jsp", "html", "htm", "xhtml", "svg", "xml", "swf", "lnk", "reg", "apk"),
        *("app", "dmg", "iso", "docm", "xlsm"),
    )
)
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|script|svg|\?php|iframe)\b", re.IGNORECASE)


class FileRefused(Invalid):
    """This file cannot be accepted."""


class FileNameInvalid(FileRefused):
    """This file name cannot be accepted: no folders, no hidden extensions."""


class FileTypeRefused(FileRefused):
    """Only PDF, PNG, JPG, DOCX, XLSX and ZIP files are accepted."""


class FileContentMismatch(FileRefused):
    """The content of this file is not what its name says."""


class FileEmpty(FileRefused):
    """This file is empty."""


class ArchiveRefused(FileRefused):
    """This archive cannot be accepted: it is damaged, nested, dangerous or unpacks too large."""


def checked_name(filename: str) -> str:
    """The name without harm in it; raises FileNameInvalid or FileTypeRefused."""
    name = clean_line(filename)
    if name != " ".join(unicodedata.normalize("NFC", filename).split()):
        # Control or direction characters were in it: `invoice<RLO>fdp.exe`.
        raise FileNameInvalid
    if len(name) > 200 or re.search(r'[\\/:*?"<>|]', name):
        raise FileNameInvalid
    stem, dot, extension = name.rpartition(".")
    if not dot or extension.lower() not in TYPES:
        raise FileTypeRefused
    inner = {part.strip() for part in stem.lower().split(".")[1:]}
    if not stem.strip(" .") or inner & (_PROGRAMS | TYPES.keys()):
        raise FileNameInvalid
    return name


def sniff(file: BinaryIO, *, name: str, size: int, limit: int) -> str:
    """The media type of an open file whose content agrees with its name.

    Raises FileContentMismatch for another content, also for one that is two things at once, and
    ArchiveRefused for archives that would harm whoever unpacks them.
    """
    if not size:
        raise FileEmpty
    extension = name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    file.seek(0)
    start = file.read(4096)
    magic = _MAGIC["zip"] if extension in _FOLDER_OF else _MAGIC[extension]
    if not start.startswith(magic):
        raise FileContentMismatch
    if magic == _MAGIC["zip"]:
        _check_archive(file, extension=extension, size=size, limit=limit)
    elif zipfile.is_zipfile(file) or (extension != "pdf" and _MARKUP.search(start)):
        raise FileContentMismatch
    return TYPES[extension]


def _check_archive(file: BinaryIO, *, extension: str, size: int, limit: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if len(members) > _MEMBERS or not members:
                raise ArchiveRefused
            # Members that overlap are how a small archive unpacks to petabytes.
            if sum(member.compress_size for member in members) > size:
                raise ArchiveRefused
            unpacked = sum(member.file_size for member in members)
            if unpacked > min(size * _EXPANSION, limit * 10) and unpacked > 1 << 20:
                raise ArchiveRefused
            for member in members:
                _check_member(member, office=extension in _FOLDER_OF)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveRefused from error
    if extension in _FOLDER_OF:
        folder = _FOLDER_OF[extension]
        if "[Content_Types].xml" not in names or not any(n.startswith(folder) for n in names):
            raise FileContentMismatch


def _check_member(member: zipfile.ZipInfo, *, office: bool) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", member.filename):
        raise ArchiveRefused
    kind = path.suffix.lower().removeprefix(".")
    if kind in ("zip", "rar", "7z", "gz", "xz", "bz2", "tar"):
        raise ArchiveRefused
    if path.name.lower() == "vbaproject.bin" or (not office and kind in _PROGRAMS - {"xml"}):
        raise ArchiveRefused
    if (member.external_attr >> 16) & 0o170000 == 0o120000:
        raise ArchiveRefused
