"""Commands of the core: the demo's clock, and a look through the audit trail."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from jiedan.core import audit, clock
from jiedan.core.clock import MovableClock
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import open_platform

_SPAN = re.compile(r"\+?(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@click.command("clock", help="Show or move the demo's clock.")
@click.argument("move", required=False)
@click.option("--freeze", is_flag=True, help="Let time stand still there.")
@click.option("--run", "run_on", is_flag=True, help="Let time run on.")
def clock_command(move: str | None, freeze: bool, run_on: bool) -> None:
    """`jiedan clock`, `jiedan clock +3h`, `jiedan clock 2026-03-02T09:00 --freeze`."""
    with open_platform() as platform:
        watch = platform.clock
        if move or freeze or run_on:
            if not isinstance(watch, MovableClock):
                raise click.ClickException(_("Only the demo's clock can be moved."))
            _move(watch, move, freeze=freeze, run_on=run_on)
        click.echo(f"{clock.shanghai(watch.now()):%Y-%m-%d %H:%M:%S %z}")


@click.group("audit", help="The audit trail.")
def audit_group() -> None:
    """What can be done with the audit trail from the command line."""


@audit_group.command("verify", help="Walk the whole chain and name the first broken entry.")
@click.option("--expect", help="A SEQ:HASH noted earlier, to make sure it is still part of it.")
def verify_command(expect: str | None) -> None:
    """`jiedan audit verify`: ends with an error when the chain is broken."""
    with open_platform() as platform, platform.read() as session:
        found = audit.verify(session)
        if not found.ok:
            raise click.ClickException(
                _("The audit trail is broken at entry %(seq)s.", seq=found.broken_seq)
            )
        if expect and not audit.contains(session, expect):
            raise click.ClickException(_("The audit trail does not contain %(mark)s.", mark=expect))
        click.echo(_("The audit trail is whole: %(n)s entries.", n=found.entries))
        click.echo(f"{found.entries}:{found.hash}")


def _move(watch: MovableClock, move: str | None, *, freeze: bool, run_on: bool) -> None:
    span = _SPAN.fullmatch(move or "")
    if span:
        watch.advance(timedelta(seconds=float(span[1]) * _SECONDS[span[2]]))
    elif move:
        try:
            moment = datetime.fromisoformat(move)
        except ValueError as error:
            raise click.BadParameter(_("Write +3h, +2d or 2026-03-02T09:00.")) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=clock.SHANGHAI)
        watch.set(moment)
    if freeze:
        watch.freeze()
    if run_on:
        watch.run()
