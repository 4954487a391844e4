"""Looks after the translations: finds every sentence people see and says which lack Chinese.

python -m jiedan.core.catalogues check [folder …]     fail when a translation is missing
python -m jiedan.core.catalogues missing [folder …]   print what is missing as .po entries
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.extract import extract
from jinja2.ext import babel_extract

from jiedan.core.i18n import LOCALE_FOLDER
from jiedan.core.po import Catalogue, read_catalogues
from jiedan.core.settings import SOURCE_ROOT

FOLDERS = ("jiedan", "handlers", "app.py")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
_CJK = re.compile("[\u4e00-\u9fff]")
_JINJA = {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols", "silent": "false"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English sentence in the source that people may see."""

    path: Path
    line: int
    msgid: str
    plural: str | None = None
    context: str | None = None

    @property
    def key(self) -> str:
        """What it is filed under in a catalogue."""
        return f"{self.context}\x04{self.msgid}" if self.context else self.msgid


def find_sentences(paths: Iterable[Path]) -> list[Sentence]:
    """Every sentence in these files: in calls, in templates and in the docstrings of errors."""
    files = [file for path in paths for file in _files(path)]
    errors = _error_classes()
    found: list[Sentence] = []
    for file in files:
        if file.suffix == ".py":
            found += _from_calls(file)
            found += _from_errors(file, errors)
        else:
            found += _from_template(file)
    return found


def untranslated(sentences: Iterable[Sentence], catalogue: Catalogue) -> list[Sentence]:
    """The sentences without Chinese, each once."""
    seen: set[str] = set()
    missing: list[Sentence] = []
    for sentence in sentences:
        translated = sentence.key in catalogue.singular or sentence.key in catalogue.plural
        if not translated and sentence.key not in seen:
            seen.add(sentence.key)
            missing.append(sentence)
    return missing


def wrong_placeholders(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Translations that name a placeholder their sentence does not have."""
    wrong = []
    for translations in (catalogue.singular, catalogue.plural):
        for key, text in translations.items():
            extra = set(_PLACEHOLDER.findall(text)) - set(_PLACEHOLDER.findall(key))
            if extra - ({"n", "num"} if translations is catalogue.plural else set()):
                wrong.append((key, text))
    return wrong


def load_catalogue() -> Catalogue:
    """The Chinese catalogue as it is on disk now."""
    return read_catalogues(sorted((LOCALE_FOLDER / "zh_CN").glob("*.po")))


def main(arguments: list[str]) -> int:
    """Runs one of the two commands; returns the exit code."""
    if not arguments or arguments[0] not in ("check", "missing"):
        print(inspect.cleandoc(__doc__ or ""), file=sys.stderr)
        return 2
    paths = [Path(name).resolve() for name in arguments[1:]]
    paths = paths or [SOURCE_ROOT / name for name in FOLDERS if (SOURCE_ROOT / name).exists()]
    catalogue = load_catalogue()
    missing = untranslated(find_sentences(paths), catalogue)
    if arguments[0] == "missing":
        print("\n".join(_as_entry(sentence) for sentence in missing))
        return 0
    wrong = wrong_placeholders(catalogue)
    for sentence in missing:
        print(f"{_relative(sentence.path)}:{sentence.line}: no Chinese for {sentence.msgid!r}")
    for key, text in wrong:
        print(f"{key!r}: the translation {text!r} names a placeholder of its own")
    print(f"{len(catalogue.singular) + len(catalogue.plural)} translations, {len(missing)} missing")
    return 1 if missing or wrong else 0


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if "build" in file.parts or "node_modules" in file.parts:
            continue
        if file.suffix == ".py" or (file.suffix in (".html", ".txt") and "templates" in file.parts):
            yield file


def _from_calls(file: Path) -> Iterator[Sentence]:
    with file.open("rb") as source:
        for line, message, _, context in extract("python", source, keywords=KEYWORDS):
            yield _sentence(file, line, message, context)


def _from_template(file: Path) -> Iterator[Sentence]:
    with file.open("rb") as source:
        for line, function, message, _ in babel_extract(source, list(KEYWORDS), (), _JINJA):
            parts = [part for part in _as_tuple(message) if isinstance(part, str)]
            if not parts:
                continue
            if function == "pgettext" and len(parts) > 1:
                yield Sentence(file, line, parts[1], context=parts[0])
            else:
                plural = parts[1] if function == "ngettext" and len(parts) > 1 else None
                yield Sentence(file, line, parts[0], plural)


def _from_errors(file: Path, errors: frozenset[str]) -> Iterator[Sentence]:
    for node in _classes(file):
        docstring = ast.get_docstring(node)
        # A docstring in Chinese needs no translation; ours are English.
        if node.name in errors and docstring and not _CJK.search(docstring):
            yield Sentence(file, node.lineno, docstring.splitlines()[0])


@cache
def _error_classes() -> frozenset[str]:
    """The names of all classes of the error tree, wherever in the source they are."""
    bases: dict[str, set[str]] = {}
    for root in (SOURCE_ROOT / "jiedan", SOURCE_ROOT / "handlers"):
        for file in root.rglob("*.py"):
            for node in _classes(file):
                names = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
                bases.setdefault(node.name, set()).update(names)
    known = {"JiedanError"}
    while True:
        more = {name for name, above in bases.items() if above & known} - known
        if not more:
            return frozenset(known)
        known |= more


def _classes(file: Path) -> Iterator[ast.ClassDef]:
    tree = ast.parse(file.read_text("utf-8"), str(file))
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _sentence(file: Path, line: int, message: object, context: str | None) -> Sentence:
    parts = [part for part in _as_tuple(message) if isinstance(part, str)]
    return Sentence(file, line, parts[0], parts[1] if len(parts) > 1 else None, context)


def _as_tuple(message: object) -> tuple[object, ...]:
    return tuple(message) if isinstance(message, tuple | list) else (message,)


def _as_entry(sentence: Sentence) -> str:
    lines = [f"#: {_relative(sentence.path)}:{sentence.line}"]
    if sentence.context:
        lines.append(f"msgctxt {_quoted(sentence.context)}")
    lines.append(f"msgid {_quoted(sentence.msgid)}")
    if sentence.plural:
        lines += [f"msgid_plural {_quoted(sentence.plural)}", 'msgstr[0] ""']
    else:
        lines.append('msgstr ""')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _relative(path: Path) -> str:
    return str(path.relative_to(SOURCE_ROOT)) if path.is_relative_to(SOURCE_ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
