"""The commands that run the whole product, as somebody at a terminal uses them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jiedan.cli import main
from jiedan.core.settings import SOURCE_ROOT

Run = Callable[..., Result]


@pytest.fixture
def jiedan(tmp_path: Path) -> Run:
    """Runs the command `jiedan` with these arguments on an installation of its own."""

    def run(*arguments: str) -> Result:
        environment = {"JIEDAN_DATA": str(tmp_path), "LANG": "en_US.UTF-8"}
        return CliRunner().invoke(main, list(arguments), env=environment)

    return run


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def serve(tmp_path: Path, port: int) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `jiedan serve` as a process of its own and waits until it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "jiedan.cli", "serve", "--port", str(port), *arguments],
            cwd=SOURCE_ROOT,
            env={
                **os.environ,
                "JIEDAN_DATA": str(tmp_path),
                "JIEDAN_DEMO_ORDERS": "0",
                "LANG": "en_US.UTF-8",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def test_a_served_product_says_one_line_answers_and_ends_politely(
    serve: Callable[..., subprocess.Popen[str]], port: int
) -> None:
    process = serve("--demo")

    ready = process.stdout.readline() if process.stdout else ""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
        status, address = page.status, page.url
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, complaints = process.communicate(timeout=30)

    assert ready == f"Jiedan is ready at http://127.0.0.1:{port}\n"
    assert (status, address.startswith(f"http://127.0.0.1:{port}/sign-in")) == (200, True)
    assert (process.returncode, output, complaints) == (0, "", "")
    assert time.monotonic() - began < 20


def test_an_empty_installation_says_how_to_begin(
    serve: Callable[..., subprocess.Popen[str]],
) -> None:
    process = serve()

    ready = process.stdout.readline() if process.stdout else ""
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=30)

    assert ready.startswith("Jiedan is ready at ")
    assert "jiedan user add LOGIN --role AD" in complaints


def test_a_port_in_use_is_a_sentence(jiedan: Run, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        result = jiedan("serve", "--port", str(port))

    assert (result.exit_code, result.output) == (1, f"Error: Cannot listen on 127.0.0.1:{port}.\n")


def test_the_demo_listens_on_this_machine_only(jiedan: Run) -> None:
    result = jiedan("serve", "--demo", "--host", "0.0.0.0")

    assert result.exit_code == 1
    assert "the demo listens on this machine only" in result.output


def test_what_is_in_the_folders_is_deployed_once(jiedan: Run) -> None:
    first = jiedan("deploy")
    second = jiedan("deploy")

    assert first.exit_code == 0, first.output
    assert "order_main.bpmn → order_main v1" in first.output
    assert second.output == "Nothing has changed.\n"


def test_a_diagram_that_would_not_run_is_refused_with_its_findings(
    jiedan: Run, tmp_path: Path
) -> None:
    broken = tmp_path / "order_review.bpmn"
    content = (SOURCE_ROOT / "processes" / "order_review.bpmn").read_text("utf-8")
    broken.write_text(content.replace('formId="order_review"', 'formId="no_such_form"'), "utf-8")
    jiedan("deploy")

    result = jiedan("deploy", str(broken))

    assert result.exit_code == 1
    assert "no_such_form" in result.output


@pytest.mark.parametrize("name", ["notes.txt", "order.xml"])
def test_only_content_is_deployed(jiedan: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")

    result = jiedan("deploy", str(tmp_path / name))

    assert result.exit_code == 2
    assert f"{name} is neither a diagram, nor a decision, nor a form." in result.output


def test_our_content_passes_the_check(jiedan: Run) -> None:
    result = jiedan("check")

    assert result.output.splitlines()[-1] == "The content is in order."
    assert result.exit_code == 0
