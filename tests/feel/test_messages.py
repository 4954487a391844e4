"""Every message of feel and dmn has its Chinese translation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jiedan
from jiedan.feel import FeelSyntaxError, Warnings, compile_expression, evaluate
from jiedan.feel.lexer import KEYWORDS
from jiedan.feel.token_reader import EXPECTED

ROOT = Path(jiedan.__file__).parent
CATALOGUE = ROOT / "locale" / "zh_CN" / "feel.po"
CALLS = {
    "warn",
    "unexpected",
    "error",
    "early_end",
    "PatternError",
    "Phrase",
    "tell",
    "FeelWarning",
}


def read_po(path: Path) -> dict[str, str]:
    """msgid → msgstr of a catalogue with one line each."""
    pairs = re.findall(r'^msgid "(.*)"\nmsgstr "(.*)"$', path.read_text("utf-8"), re.MULTILINE)
    return {ast.literal_eval(f'"{msgid}"'): ast.literal_eval(f'"{text}"') for msgid, text in pairs}


def messages() -> Iterator[str]:
    """All messages in the source of both packages."""
    for package in ("feel", "dmn"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name == "conformance.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from _of_node(node, path.name)
    yield from EXPECTED.values()


def _of_node(node: ast.AST, file: str) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and file == "errors.py":
        text = ast.get_docstring(node) or ""
        if "Error" in ast.dump(node) or "Exceeded" in ast.dump(node) or "Model" in node.name:
            yield text.splitlines()[0]
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in CALLS:
            for argument in [*node.args, *(word.value for word in node.keywords)]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _is_sentence(text: str) -> bool:
    return len(text) > 2 and text not in KEYWORDS


def test_every_message_is_translated_into_chinese_with_the_same_placeholders():
    known = read_po(CATALOGUE)
    wanted = {text for text in messages() if _is_sentence(text)}

    assert sorted(wanted - known.keys()) == []
    for message in wanted:
        placeholders = set(re.findall(r"%\((\w+)\)s", message))
        assert placeholders == set(re.findall(r"%\((\w+)\)s", known[message])), message


def test_a_syntax_error_speaks_chinese_and_says_what_was_meant():
    translate = read_po(CATALOGUE)

    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression("for x in [1]\n retrun x")

    error = caught.value
    assert (error.line, error.column, error.meant) == (2, 2, "return")
    text = error.text(lambda message: translate.get(message, message))
    assert text == "第 2 行第 2 列：此处应为“return”，却写着“retrun”。是否想写“return”？"


def test_a_warning_names_the_types_in_chinese():
    translate = read_po(CATALOGUE)
    warnings = Warnings()

    evaluate('1 < "a"', warnings=warnings)

    told = [warning.text(lambda message: translate.get(message, message)) for warning in warnings]
    assert told == ["数字不能与文本比较。"]
