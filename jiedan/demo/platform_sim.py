"""The command that plays the sales platform: pushes orders, reports events, receives replies."""

from __future__ import annotations

import itertools
import json
import os
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import click

from jiedan.core.clock import SHANGHAI, shanghai
from jiedan.core.i18n import current_locale
from jiedan.core.i18n import gettext as _
from jiedan.core.money import format_yuan
from jiedan.core.settings import SOURCE_ROOT
from jiedan.desk.platforms import PlatformSetup, load_platforms, sign

SECONDS = 10
"""How long our server has to answer; platforms give up after 3 to 5 (SPEC E25)."""
REPLY_PATH = "/replies"
SKU, TITLE, PRICE_FEN = "P-5001", "智能插座", 8_900
"""What the demo company sells on platforms."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; `status` 0 when nobody is there."""

    status: int
    body: Mapping[str, Any]
    seconds: float

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def said(self) -> str:
        """The reason in the server's words, wrong fields included."""
        fields = self.body.get("fields") or {}
        words = [str(self.body.get("detail") or self.status)]
        return " ".join(words + [f"{name}: {text}" for name, text in fields.items()])


@dataclass(frozen=True, slots=True)
class Simulator:
    """One platform that talks to one server."""

    url: str
    platform: str
    setup: PlatformSetup
    token: str | None = None

    @property
    def secret(self) -> str:
        """From the environment; without one the demo's own, which only a demo accepts."""
        return self.setup.secret(demo=True) or ""

    def now(self) -> datetime:
        """The server's time: a demo's clock may stand anywhere."""
        answer = self.call("GET", "/api/v1/clock")
        return datetime.fromisoformat(answer.body["now"]) if answer.ok else datetime.now(SHANGHAI)

    def push(self, order: Mapping[str, Any], *, at: datetime) -> Answer:
        """Push an order, signed."""
        body = json.dumps(order, ensure_ascii=False).encode()
        stamp = str(int(at.timestamp()))
        return self.call(
            "POST",
            "/api/v1/platform/orders",
            body,
            {
                "X-Platform": self.platform,
                "X-Platform-Timestamp": stamp,
                "X-Platform-Signature": sign(secret=self.secret, timestamp=stamp, body=body),
            },
        )

    def tell(self, message: str, number: str, payload: Mapping[str, Any]) -> Answer:
        """Report an event about an order."""
        body = json.dumps({"correlation": number, "payload": payload}, ensure_ascii=False)
        return self.call("POST", f"/api/v1/messages/{message}", body.encode(), self.bearer)

    def total(self, number: str) -> int | None:
        """What the order comes to, in fen; None when it cannot be read."""
        answer = self.call("GET", f"/api/v1/orders/{quote(number, safe='')}", None, self.bearer)
        return int(answer.body["total_fen"]) if answer.ok else None

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; refusals are answers too."""
        request = Request(
            self.url + path,
            data=body,
            method=method,
            headers={
                "Content-Type": "application/json",
                "Accept-Language": current_locale(),
                **(headers or {}),
            },
        )
        begun = time.perf_counter()
        try:
            with urlopen(request, timeout=SECONDS) as response:
                return Answer(response.status, _read(response), time.perf_counter() - begun)
        except HTTPError as error:
            with error:
                return Answer(error.code, _read(error), time.perf_counter() - begun)
        except (URLError, TimeoutError, OSError) as error:
            return Answer(0, {"detail": str(error)}, time.perf_counter() - begun)


def order_of(number: str, *, at: datetime, qty: int) -> dict[str, Any]:
    """A paid order of smart plugs; the same number and moment give the same order."""
    return {
        "order_no": number,
        "status": "PAID",
        "paid_at": shanghai(at).isoformat(timespec="seconds"),
        "total_fen": qty * PRICE_FEN,
        "buyer": {"id": f"sim-{number}", "name": "李女士", "kind": "consumer"},
        "address": {
            "receiver": "李女士",
            "phone": "13900000006",
            "province": "浙江",
            "city": "杭州市",
            "district": "滨江区",
            "detail": "江南大道 6 号",
        },
        "items": [{"sku": SKU, "title": TITLE, "qty": qty, "unit_price_fen": PRICE_FEN}],
    }


# --- receiving our replies -----------------------------------------------------------------------
class Receiver(BaseHTTPRequestHandler):
    """The platform's side of our replies: checks the signature, thanks, or is down for a moment."""

    def __init__(
        self, *arguments: Any, secret: str, flaky: bool, counter: Iterator[int], **more: Any
    ) -> None:
        self.secret, self.flaky, self.counter = secret, flaky, counter
        super().__init__(*arguments, **more)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = self._judge(body, next(self.counter))
        try:
            said = json.loads(body)
        except ValueError:
            said = {}
        order = said.get("platform_order_no") or said.get("order_no") or ""
        click.echo(f"{status}  {said.get('kind', '?')}  {order}  {self.headers['Idempotency-Key']}")
        answer = b'{"result": "success"}' if status == 200 else b'{"result": "failure"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _judge(self, body: bytes, count: int) -> int:
        if urlsplit(self.path).path != REPLY_PATH:
            return 404
        stamp = self.headers.get("X-Platform-Timestamp") or ""
        signature = self.headers.get("X-Platform-Signature") or ""
        if sign(secret=self.secret, timestamp=stamp, body=body) != signature:
            return 401
        return 503 if self.flaky and count % 2 == 0 else 200

    def log_message(self, *_: Any) -> None:
        """One line per reply is enough."""


def make_receiver(
    setup: PlatformSetup, *, host: str = "127.0.0.1", port: int = 0, flaky: bool = False
) -> ThreadingHTTPServer:
    """The server that receives our replies; a flaky one answers every other one with 503."""
    handler = partial(
        Receiver,
        secret=setup.secret(demo=True) or "",
        flaky=flaky,
        counter=itertools.count(),
    )
    return ThreadingHTTPServer((host, port), handler)


# --- the command ---------------------------------------------------------------------------------
@click.group("platform-sim", help="Play the sales platform against a running server.")
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="Where the server is."
)
@click.option("--platform", default="netease", show_default=True, help="Which platform to play.")
@click.pass_context
def platform_sim_group(context: click.Context, url: str, platform: str) -> None:
    """`jiedan platform-sim push`, `jiedan platform-sim --url http://127.0.0.1:9000 serve`."""
    root = Path(os.environ.get("JIEDAN_ROOT") or SOURCE_ROOT)
    try:
        setups = load_platforms(root / "config" / "platforms.toml")
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise click.ClickException(str(error)) from error
    if platform not in setups:
        raise click.UsageError(
            _("There is no platform %(name)s; there are: %(known)s.",
              name=platform, known=", ".join(setups))
        )  # fmt: skip
    if urlsplit(url).scheme not in ("http", "https"):
        raise click.UsageError(_("An address begins with http:// or https://."))
    context.obj = Simulator(url.rstrip("/"), platform, setups[platform])


@platform_sim_group.command("push", help="Push paid orders, signed with the platform's secret.")
@click.option("--count", default=1, show_default=True, help="How many.")
@click.option("--rate", default=5.0, show_default=True, help="How many each second, at most.")
@click.option("--number", help="The platform's number; the same again is a replay.")
@click.option("--qty", default=3, show_default=True, help="How many pieces each order has.")
@click.option("--paid-at", help="When it was paid; needed to replay an order to the letter.")
@click.pass_obj
def push_command(
    simulator: Simulator, count: int, rate: float, number: str | None, qty: int, paid_at: str | None
) -> None:
    """`jiedan platform-sim push --count 20 --rate 2`."""
    if count < 1 or rate <= 0:
        raise click.UsageError(_("Count and rate are above 0."))
    at = simulator.now()
    paid = _moment(paid_at) if paid_at else at.replace(hour=0, minute=0, second=0, microsecond=0)
    stem = number or f"NE{shanghai(at):%Y%m%d%H%M%S}{os.getpid() % 1000:03}"
    begun, refused = time.perf_counter(), 0
    for index in range(count):
        time.sleep(max(0.0, begun + index / rate - time.perf_counter()))
        name = stem if count == 1 else f"{stem}-{index + 1:04}"
        moment = at + timedelta(seconds=time.perf_counter() - begun)
        answer = simulator.push(order_of(name, at=paid, qty=qty), at=moment)
        refused += not answer.ok
        milliseconds = f"{answer.seconds * 1000:.0f} ms"
        if answer.ok:
            replay = _("known already") if answer.body.get("duplicate") else _("taken")
            click.echo(f"{name}  {replay}  {answer.body.get('instance_id')}  {milliseconds}")
        else:
            click.echo(f"{name}  {answer.status}  {answer.said()}  {milliseconds}", err=True)
    if refused:
        raise click.ClickException(
            _("%(refused)s of %(count)s pushes were refused.", refused=refused, count=count)
        )


TOKEN = click.option("--token", envvar="JIEDAN_TOKEN", help="A key for the API; or JIEDAN_TOKEN.")


@platform_sim_group.command("cancel", help="Take an order back, by the platform's number.")
@click.argument("number")
@TOKEN
@click.pass_obj
def cancel_command(simulator: Simulator, number: str, token: str | None) -> None:
    """`jiedan platform-sim cancel NE20260302090000042`."""
    _tell(simulator, token, "platform.order.cancelled", number, {"reason": "buyer"})


@platform_sim_group.command("confirm", help="The buyer confirms the delivery, by our number.")
@click.argument("number")
@click.option("--signer", default="李女士", show_default=True, help="Who signed.")
@TOKEN
@click.pass_obj
def confirm_command(simulator: Simulator, number: str, signer: str, token: str | None) -> None:
    """`jiedan platform-sim confirm WY20260302-0001-1`."""
    payload = {"signer": signer, "proof": simulator.platform}
    _tell(simulator, token, "customer.delivery.confirmed", number, payload)


@platform_sim_group.command("settle", help="The platform pays the order out, by our number.")
@click.argument("number")
@click.option("--amount", type=int, help="In fen; else what the order comes to.")
@TOKEN
@click.pass_obj
def settle_command(
    simulator: Simulator, number: str, amount: int | None, token: str | None
) -> None:
    """`jiedan platform-sim settle WY20260302-0001-1`."""
    reader = Simulator(simulator.url, simulator.platform, simulator.setup, token)
    fen = reader.total(number) if amount is None else amount
    if fen is None:
        raise click.ClickException(
            _("The amount of %(number)s cannot be read; give it with --amount.", number=number)
        )
    click.echo(format_yuan(fen))
    payload = {"amount_fen": fen, "settlement_ref": f"SIM-{number}"}
    _tell(simulator, token, "platform.settled", number, payload)


@platform_sim_group.command("serve", help="Receive the replies that our server sends.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8900, show_default=True, help="The port to listen on.")
@click.option("--flaky", is_flag=True, help="Answer every other reply with 503.")
@click.pass_obj
def serve_command(simulator: Simulator, host: str, port: int, flaky: bool) -> None:
    """`jiedan platform-sim serve --flaky`."""
    try:
        server = make_receiver(simulator.setup, host=host, port=port, flaky=flaky)
    except OSError as error:
        raise click.ClickException(
            _("Cannot listen on %(host)s:%(port)s.", host=host, port=port)
        ) from error
    with server:
        address = f"http://{host}:{server.server_port}{REPLY_PATH}"
        click.echo(_("Start the server with %(setting)s",
                     setting=f"{simulator.setup.reply_url_env}={address}"))  # fmt: skip
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo()


def _tell(
    simulator: Simulator, token: str | None, message: str, number: str, payload: dict[str, Any]
) -> None:
    if not token:
        raise click.UsageError(
            _("A key for the API is needed: --token, or JIEDAN_TOKEN in the environment.")
        )
    teller = Simulator(simulator.url, simulator.platform, simulator.setup, token)
    answer = teller.tell(message, number, payload)
    if not answer.ok:
        raise click.ClickException(f"{answer.status} {answer.said()}")
    instance = answer.body.get("instance_id")
    told = _("delivered to %(instance)s", instance=instance) if instance else _("nobody waits yet")
    click.echo(f"{message}  {number}  {told}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(_("A moment looks like 2026-03-02T09:00.")) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _read(response: Any) -> Mapping[str, Any]:
    try:
        body = json.loads(response.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
