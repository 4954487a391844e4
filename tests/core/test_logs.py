"""Log lines, for people and for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from jiedan.core.logs import configure_logs
from jiedan.core.settings import Settings


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_for_machines_is_json_whoever_writes_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(replace(settings, log_format="json"))

    with structlog.contextvars.bound_contextvars(order="XS20260302-0001-1"):
        structlog.get_logger("ours").warning("订单 held", lines=3)
        logging.getLogger("theirs").warning("disk %s", "full")

    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["lines"], ours["order"]) == ("订单 held", 3, "XS20260302-0001-1")
    assert (theirs["event"], theirs["level"], theirs["order"]) == (
        "disk full",
        "warning",
        "XS20260302-0001-1",
    )


def test_a_line_for_people_is_text(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(settings)

    structlog.get_logger("ours").info("ready", port=8000)

    assert "ready" in capsys.readouterr().err


def test_lines_below_the_level_are_left_out(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(replace(settings, log_level="error"))

    structlog.get_logger("ours").warning("hardly matters")
    logging.getLogger("theirs").info("neither")

    assert capsys.readouterr().err == ""
