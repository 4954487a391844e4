"""The simulated platform against a real server: what it sends arrives, what we reply arrives."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from werkzeug.serving import make_server

from jiedan.cli import main
from jiedan.core.settings import SOURCE_ROOT, load_settings
from jiedan.demo.platform_sim import make_receiver
from jiedan.desk.platforms import load_platforms
from jiedan.desk.tables import PlatformOrder, PlatformReply
from tests.world import World, _world_template, world

__all__ = ["_world_template", "world"]
Run = Callable[..., Result]


@pytest.fixture
def sim(world: World) -> Iterator[Run]:
    """Runs `jiedan platform-sim` against the world, served on a port of its own."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(
            main,
            ["platform-sim", "--url", url, *arguments],
            env={"LANG": "en_US.UTF-8", "JIEDAN_TOKEN": "", **environment},
        )

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def pushed(world: World) -> list[PlatformOrder]:
    with world.flow.platform.read() as session:
        return list(session.scalars(select(PlatformOrder).order_by(PlatformOrder.id)))


@pytest.mark.req("N2.1.3")
def test_pushes_arrive_signed_and_each_starts_an_order(world: World, sim: Run) -> None:
    result = sim("push", "--count", "3", "--rate", "100")

    assert result.exit_code == 0, result.output
    assert result.output.count("taken") == 3
    assert len(pushed(world)) == len(world.hanxue.tasks("accept_platform_order")) == 3


def test_the_same_number_again_is_a_replay_and_another_quantity_a_conflict(
    world: World, sim: Run
) -> None:
    first = sim("push", "--number", "NE-7")
    again = sim("push", "--number", "NE-7")
    other = sim("push", "--number", "NE-7", "--qty", "4")

    assert "taken" in first.output
    assert "known already" in again.output
    assert other.exit_code == 1
    assert "409" in other.output
    assert "other content" in other.output
    assert [(one.pushes, len(one.conflicts)) for one in pushed(world)] == [(2, 1)]


def test_a_server_that_is_no_demo_refuses_the_secret_of_the_demo(world: World, sim: Run) -> None:
    platform = world.flow.platform
    platform.settings = dataclasses.replace(platform.settings, demo=False)

    result = sim("push")

    assert result.exit_code == 1
    assert "401" in result.output
    assert "The signature is wrong." in result.output
    assert pushed(world) == []


@pytest.mark.req("N2.1.3")
def test_the_buyer_takes_an_order_back(world: World, sim: Run) -> None:
    sim("push", "--number", "NE-8")

    result = sim("cancel", "NE-8", JIEDAN_TOKEN=world.tokens["hanxue"])

    assert result.exit_code == 0, result.output
    assert "delivered to" in result.output
    assert world.hanxue.tasks("accept_platform_order") == []


def test_events_need_a_token_of_somebody_who_may_report_them(world: World, sim: Run) -> None:
    sim("push", "--number", "NE-9")

    without = sim("cancel", "NE-9")
    wrong = sim("cancel", "NE-9", "--token", "jd_nobody")
    stranger = sim("cancel", "NE-9", "--token", world.tokens["qinlan"])

    assert without.exit_code == 2
    assert "JIEDAN_TOKEN" in without.output
    assert "401" in wrong.output
    assert "403" in stranger.output
    assert len(world.hanxue.tasks("accept_platform_order")) == 1


def test_confirming_and_settling_are_kept_until_the_order_waits_for_them(
    world: World, sim: Run
) -> None:
    sim("push", "--number", "NE-10")
    token = world.tokens["hanxue"]
    task = world.hanxue.task("accept_platform_order")
    number = task["business_key"]

    confirmed = sim("confirm", number, "--token", token)
    settled = sim("settle", number, "--token", token)
    unknown = sim("settle", "WY20200101-0001-1", "--token", token)

    assert "nobody waits yet" in confirmed.output, confirmed.output
    assert "¥267.00" in settled.output
    assert "nobody waits yet" in settled.output
    assert unknown.exit_code == 1
    assert "--amount" in unknown.output


@pytest.mark.req("N2.1.4")
def test_replies_reach_a_flaky_platform_at_the_second_try(
    world: World, sim: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    setup = load_platforms(SOURCE_ROOT / "config" / "platforms.toml")["netease"]
    with make_receiver(setup, flaky=True) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv(setup.reply_url_env, f"http://127.0.0.1:{receiver.server_port}/replies")
        sim("push", "--number", "NE-11")
        answer = {"viewed_all": True, "dept_ok": True}
        world.hanxue.do("accept_platform_order", "accept", answer)
        world.run_due()
        first = capsys.readouterr().out
        world.wait(minutes=10)
        receiver.shutdown()
        thread.join()

    assert first.startswith("503  accept")
    assert capsys.readouterr().out.startswith("200  accept")
    with world.flow.platform.read() as session:
        replies = session.scalars(select(PlatformReply)).all()
        assert [one.acknowledged_at is not None for one in replies] == [True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--platform", "nowhere", "push"], "There is no platform"),
        (["--url", "file:///etc/passwd", "push"], "http://"),
        (["--url", "http://127.0.0.1:1", "push"], "refused"),
        (["push", "--count", "0"], "above 0"),
        (["push", "--paid-at", "soon"], "2026-03-02T09:00"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["platform-sim", *arguments], env={"LANG": "en_US.UTF-8"})

    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_token_in_the_environment_is_no_unknown_setting() -> None:
    assert load_settings(environment={"JIEDAN_TOKEN": "x"}, secret_key="x").port == 8000
