"""The command line, on an installation of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from jiedan.cli import COMMANDS, main
from jiedan.core.actor import SYSTEM
from jiedan.core.clock import SystemClock
from jiedan.core.database import Database
from jiedan.core.platform import build_platform
from jiedan.core.settings import load_settings
from jiedan.people.sign_in import sign_in
from jiedan.people.tokens import load_token

Run = Callable[..., Result]
ENVIRONMENT = {"JIEDAN_PASSWORD_HASH_KIB": "8", "JIEDAN_PASSWORD_HASH_ROUNDS": "1"}


@pytest.fixture
def home(tmp_path: Path, _empty_file: Path) -> Path:
    """A data folder with an empty database."""
    (tmp_path / "jiedan.db").write_bytes(_empty_file.read_bytes())
    return tmp_path


@pytest.fixture
def jiedan(home: Path) -> Run:
    """Runs the command `jiedan` with arguments, and what comes through a pipe."""

    def run(*arguments: str, piped: str = "", **environment: str) -> Result:
        return CliRunner().invoke(
            main,
            list(arguments),
            input=piped,
            env={**ENVIRONMENT, "JIEDAN_DATA": str(home), "LANG": "en_US.UTF-8", **environment},
        )

    return run


def test_somebody_added_on_the_command_line_can_sign_in(jiedan: Run, home: Path) -> None:
    result = jiedan(
        "user", "add", "sunyue", "--name", "孙悦", "--role", "OC", piped="a fine morning 8\n"
    )

    assert (result.exit_code, result.output) == (0, "sunyue can sign in now.\n")
    environment = {**ENVIRONMENT, "JIEDAN_DATA": str(home)}
    platform = build_platform(load_settings(environment=environment), clock=SystemClock())
    signed = sign_in(platform, login="sunyue", password="a fine morning 8")
    assert (signed.actor.roles, signed.must_change_password) == ({"OC"}, False)
    platform.close()


def test_people_are_listed_disabled_and_given_roles(jiedan: Run) -> None:
    jiedan("user", "add", "sunyue", "--name", "孙悦", "--generate")
    jiedan("user", "roles", "sunyue", "OC", "CS")
    jiedan("user", "disable", "sunyue")

    listed = jiedan("user", "list", "sun").output

    assert listed.split() == ["sunyue", "孙悦", "CS,OC", "disabled"]


def test_a_mistake_is_a_sentence_in_the_language_of_the_terminal(jiedan: Run) -> None:
    english = jiedan("user", "disable", "nobody")
    chinese = jiedan("user", "disable", "nobody", LANG="zh_CN.UTF-8")
    weak = jiedan("user", "add", "sunyue", piped="short\n")

    assert (english.exit_code, english.output) == (
        1,
        "Error: There is nobody with the login nobody.\n",
    )
    assert "没有账号为 nobody 的人员。" in chinese.output
    assert "password: At least 10 characters are needed." in weak.output


def test_a_key_made_on_the_command_line_opens_the_api(jiedan: Run, home: Path) -> None:
    jiedan("user", "add", "sunyue", "--generate")

    key = jiedan("token", "sunyue", "--days", "0").output.strip()

    environment = {**ENVIRONMENT, "JIEDAN_DATA": str(home)}
    platform = build_platform(load_settings(environment=environment), clock=SystemClock())
    assert load_token(platform, token=key).login == "sunyue"
    platform.close()


def test_only_the_clock_of_the_demo_can_be_moved(jiedan: Run) -> None:
    refused = jiedan("clock", "+3h")
    moved = jiedan("clock", "2026-03-02T09:00", "--freeze", JIEDAN_DEMO="1")
    pushed = jiedan("clock", "+3h", JIEDAN_DEMO="1")

    assert refused.exit_code == 1
    assert moved.output.startswith("2026-03-02 09:00")
    assert pushed.output == "2026-03-02 12:00:00 +0800\n" or pushed.output.startswith(
        "2026-03-02 12:00"
    )
    assert jiedan("clock", "tomorrow", JIEDAN_DEMO="1").exit_code == 2


def test_the_audit_trail_is_verified_and_a_broken_one_named(jiedan: Run, home: Path) -> None:
    jiedan("user", "add", "sunyue", "--generate")
    whole = jiedan("audit", "verify")
    mark = whole.output.splitlines()[-1]
    known = jiedan("audit", "verify", "--expect", mark)
    foreign = jiedan("audit", "verify", "--expect", "1:" + "0" * 64)
    database = Database(f"sqlite:///{home / 'jiedan.db'}")
    with database.writing() as session:
        session.execute(text("UPDATE audit_entries SET actor = 'x' WHERE seq = 1"))
        session.commit()
    database.close()

    broken = jiedan("audit", "verify")

    assert (whole.exit_code, known.exit_code, foreign.exit_code) == (0, 0, 1)
    assert (broken.exit_code, broken.output) == (
        1,
        "Error: The audit trail is broken at entry 1.\n",
    )
    assert SYSTEM.login == "system"


def test_every_command_in_the_table_can_be_asked_for_help(jiedan: Run) -> None:
    overview = jiedan("--help").output

    for name in COMMANDS:
        assert name in overview
        assert jiedan(name, "--help").exit_code == 0
    assert jiedan("no-such-command").exit_code == 2
