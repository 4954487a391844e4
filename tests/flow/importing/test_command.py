"""`jiedan import` writes the converted files and says what became of each element."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from jiedan.cli import main
from tests.flow.importing.foreign import extended, file

FORM = '<x:formData><x:formField id="days" label="天数" type="long"/></x:formData>'
OLD = file(
    f'<userTask id="ask" name="请假" x:assignee="ann" x:skipExpression="1">{extended(FORM)}'
    "</userTask>",
    dialect="flowable",
)


def run(*arguments: str, language: str = "en_US.UTF-8") -> Result:
    return CliRunner().invoke(main, ["import", *arguments], env={"LANG": language})


def test_files_are_converted_into_a_folder_and_reported_on(tmp_path: Path) -> None:
    old, out = tmp_path / "leave.bpmn20.xml", tmp_path / "new"
    old.write_bytes(OLD)

    result = run(str(old), "--out", str(out))

    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["leave.bpmn", "p_ask.form"]
    assert b"zeebe:assignmentDefinition" in (out / "leave.bpmn").read_bytes()
    first, worst, *_, last = result.output.splitlines()
    assert first == f"{old} → {out / 'leave.bpmn'} (flowable)"
    assert worst == (
        "  not converted: ask “请假”: setting_left: flowable:skipExpression of “请假” was not "
        "converted: 1 Look whether it is needed, and draw what it did."
    )
    assert last == "  not converted 1  note 0  converted 2"


def test_the_report_speaks_chinese(tmp_path: Path) -> None:
    old = tmp_path / "leave.bpmn"
    old.write_bytes(OLD)

    result = run(str(old), "--out", str(tmp_path / "new"), language="zh_CN.UTF-8")

    assert "未转换" in result.output
    assert "was not" not in result.output


def test_a_refused_file_is_named_and_the_others_are_converted(tmp_path: Path) -> None:
    good, bad, out = tmp_path / "good.bpmn", tmp_path / "bad.bpmn", tmp_path / "new"
    good.write_bytes(OLD)
    bad.write_bytes(b"<!DOCTYPE a><a/>")

    result = run(str(bad), str(good), "--out", str(out))

    assert result.exit_code == 1
    assert "bad.bpmn: The file has a document type declaration" in result.output
    assert (out / "good.bpmn").exists()


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    old = tmp_path / "leave.bpmn"
    old.write_bytes(OLD)

    result = run(str(old), "--out", str(tmp_path))

    assert result.exit_code == 2
    assert old.read_bytes() == OLD
