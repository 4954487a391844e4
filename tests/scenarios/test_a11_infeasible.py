"""SPEC A11: what the company does not do is evaluated, declined and answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from uuid import UUID

import pytest

from jiedan.core.sentences import say
from jiedan.desk.records import get_order
from jiedan.flow.instances import show_instance
from tests.scenarios.paths import push, push_body
from tests.world import World

RISKS = [{"type": kind, "prob": 1, "impact": 2} for kind in ("credit", "market", "technical")]
EVALUATION: dict[str, Any] = {
    "in_scope": "no",
    "resource_ok": "no",
    "tech_ok": "uncertain",
    "evidence": "我们不做手机应用开发。",
    "risks": RISKS,
    "suggestion": "建议客户另寻软件公司承接。",
    "infeasible_reason": "out_of_scope",
}


class Platform(BaseHTTPRequestHandler):
    """A platform that is down once and then says thanks."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(503 if len(self.calls) == 1 else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What reaches the platform."""
    Platform.calls.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Platform) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/replies"
        monkeypatch.setenv("JIEDAN_PLATFORM_NETEASE_URL", address)
        yield Platform.calls
        server.shutdown()
        thread.join()


def evaluating(world: World) -> str:
    """The platform asked for a mobile app for 80 000.00; the id of the instance."""
    items = [{"sku": "APP", "title": "手机应用", "qty": 1, "unit_price_fen": 8_000_000}]
    instance = str(
        push(world, push_body(total_fen=8_000_000, items=items)).get_json()["instance_id"]
    )
    world.hanxue.do("accept_platform_order", "accept", {"viewed_all": True, "dept_ok": True})
    return instance


@pytest.mark.req("N2.2.1", "N2.2.5")
def test_an_infeasible_evaluation_without_reason_or_advice_is_refused(world: World) -> None:
    evaluating(world)

    for missing in ("infeasible_reason", "suggestion"):
        refused = world.hanxue.try_do("evaluate_order", "submit", {**EVALUATION, missing: None})
        assert refused.status_code == 422
        assert missing in refused.get_json()["fields"]


@pytest.mark.req("N2.2.4", "N2.2.5")
def test_the_manager_declines_and_the_platform_hears_of_it_at_the_second_try(
    world: World, replies: list[dict[str, Any]]
) -> None:
    instance = evaluating(world)
    world.run_due()
    Platform.calls.clear()
    world.hanxue.do("evaluate_order", "submit", EVALUATION)
    world.dengchao.do(
        "decide_evaluation", "decline", {"decline_reply": "感谢垂询，该项目不在我司业务范围内。"}
    )
    world.run_due()
    world.wait(minutes=10)

    kinds = [one["kind"] for one in replies]
    assert kinds[-1] == "decline"
    assert kinds.count("decline") == 2
    view = show_instance(world.flow, instance_id=UUID(instance))
    with world.flow.platform.read() as session:
        order = get_order(session, view.variables["order_id"])
        assert order.state == "rejected"
        assert say(order.state_reason or "").startswith("out_of_scope")
    assert world.open_tasks(instance) == []
