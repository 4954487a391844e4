"""The commands that run the product: serve and worker."""

from __future__ import annotations

import gc
import signal
import socket
import threading
from typing import Any

import click
import waitress

import app as house
from jiedan.core.actor import SYSTEM
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import open_platform
from jiedan.core.platform import Platform
from jiedan.core.settings import Settings
from jiedan.demo.opening import open_demo
from jiedan.flow.definitions import deploy_folders
from jiedan.flow.platform import Flow
from jiedan.people.directory import has_any_user
from jiedan.people.organisation import load_organisation, sync_organisation
from jiedan.web.house import EXTENSION


@click.command("serve", help="Answer people and programs, and work jobs and timers.")
@click.option("--demo", is_flag=True, help="Sample company, sign-in with one click.")
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=int, help="The port to listen on.")
@click.option("--no-worker", is_flag=True, help="Leave jobs and timers to `jiedan worker`.")
def serve_command(demo: bool, host: str | None, port: int | None, no_worker: bool) -> None:
    """`jiedan serve`, `jiedan serve --demo --port 9000`."""
    given = {"demo": demo or None, "host": host, "port": port}
    given = {name: value for name, value in given.items() if value is not None}
    # What a start makes stays, so looking for garbage on the way would only cost time.
    gc.disable()
    with open_platform(**given) as platform:
        settings = platform.settings
        listener = _listen(settings)
        application = house.create_app(platform=platform)
        gc.enable()
        flow: Flow = application.extensions[EXTENSION].flow
        _furnish(flow)
        server = waitress.create_server(
            application, sockets=[listener], threads=settings.threads, ident=None
        )
        dispatcher = None if no_worker else house.create_dispatcher(flow)
        if dispatcher:
            dispatcher.start()
        _tell_when_nobody_can_sign_in(platform)
        click.echo(_("Jiedan is ready at %(address)s", address=settings.address()))
        _end_on_signals()
        # Code and caches stay for good; no request shall wait for a look through all of them.
        gc.freeze()
        try:
            server.run()
        except SystemExit:
            pass
        finally:
            server.close()
            if dispatcher:
                dispatcher.stop()


@click.command("worker", help="Work jobs and timers only; any number may run beside serve.")
def worker_command() -> None:
    """`jiedan worker`."""
    with open_platform() as platform:
        flow = house.create_flow(platform)
        _furnish(flow)
        dispatcher = house.create_dispatcher(flow)
        dispatcher.start()
        click.echo(_("Jiedan works jobs and timers."))
        _end_on_signals()
        try:
            threading.Event().wait()
        except SystemExit:
            pass
        finally:
            dispatcher.stop()


def _furnish(flow: Flow) -> None:
    """Roles and departments, the demo's company, and what changed in the content folders."""
    platform = flow.platform
    organisation = load_organisation(platform.settings.config_dir / "roles.toml")
    with platform.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=organisation)
    if platform.settings.demo:
        open_demo(flow, count=platform.settings.demo_orders, progress=_tell_progress)
    deploy_folders(flow, actor=SYSTEM)


def _tell_progress(done: int, total: int) -> None:
    if done == 1:
        click.echo(_("Seven weeks of demo orders are being worked through, once …"), err=True)
    elif done % 20 == 0:
        click.echo(_("%(done)s of %(total)s orders", done=done, total=total), err=True)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise click.ClickException(
            _("Cannot listen on %(host)s:%(port)s.", host=settings.host, port=settings.port)
        ) from error
    return listener


def _tell_when_nobody_can_sign_in(platform: Platform) -> None:
    with platform.read() as session:
        if not has_any_user(session):
            click.echo(_("Nobody can sign in yet: jiedan user add LOGIN --role AD"), err=True)


def _end_on_signals() -> None:
    def end(*_: Any) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
