"""The command `jiedan`: a list of commands, each of which lives in the area it belongs to.

A command is imported when it is called, so that `jiedan clock` need not load a process engine.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys

import click

from jiedan.core.i18n import known_locale, set_locale
from jiedan.core.quick_values import hasten_dataclasses
from jiedan.core.settings import SOURCE_ROOT

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("jiedan.serving:serve_command", "Run the product."),
    "worker": ("jiedan.serving:worker_command", "Work jobs and timers beside serve."),
    "check": ("jiedan.deploying:check_command", "Check diagrams, decisions and forms."),
    "deploy": ("jiedan.deploying:deploy_command", "Deploy diagrams, decisions and forms."),
    "import": ("jiedan.importing:import_command", "Convert diagrams of other engines."),
    "conformance": ("jiedan.conformance:conformance_command", "Measure the engines."),
    "user": ("jiedan.people.commands:user_group", "People who can sign in."),
    "token": ("jiedan.people.commands:token_command", "Make a key for the API."),
    "clock": ("jiedan.core.commands:clock_command", "Show or move the demo's clock."),
    "platform-sim": ("jiedan.demo.platform_sim:platform_sim_group", "Play the sales platform."),
    "backup": ("jiedan.backing:backup_command", "Copy everything while people work."),
    "restore": ("jiedan.backing:restore_command", "Put a copy in place."),
    "audit": ("jiedan.core.commands:audit_group", "Verify the audit trail."),
}
"""Where each command lives and what it is for; an area adds its own lines here."""


class Commands(click.Group):
    """A group that finds its commands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        if str(SOURCE_ROOT) not in sys.path:
            # Content and wiring (handlers, app.py) live beside the package.
            sys.path.insert(0, str(SOURCE_ROOT))
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        # What modules make stays, so looking for garbage on the way only costs a tenth of it.
        gc.disable()
        hasten_dataclasses()
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        finally:
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.group(cls=Commands, help="Jiedan 接单: run the order desk, and look after it.")
@click.version_option(package_name=None, version="0.1.0", prog_name="jiedan")
def main() -> None:
    """Every command speaks the language of the terminal."""
    set_locale(known_locale(os.environ.get("LANG")) or "en")


if __name__ == "__main__":
    main()
