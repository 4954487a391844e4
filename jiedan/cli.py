"""The command `jiedan`: a list of commands, each of which lives in the area it belongs to.

A command is imported when it is called, so that `jiedan clock` need not load a process engine.
"""

from __future__ import annotations

import importlib
import os

import click

from jiedan.core.i18n import known_locale, set_locale

COMMANDS: dict[str, str] = {
    "user": "jiedan.people.commands:user_group",
    "token": "jiedan.people.commands:token_command",
    "clock": "jiedan.core.commands:clock_command",
    "audit": "jiedan.core.commands:audit_group",
}
"""Where each command lives, `module:attribute`; an area adds its own lines here."""


class Commands(click.Group):
    """A group that finds its commands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=Commands, help="Jiedan 接单: run the order desk, and look after it.")
@click.version_option(package_name=None, version="0.1.0", prog_name="jiedan")
def main() -> None:
    """Every command speaks the language of the terminal."""
    set_locale(known_locale(os.environ.get("LANG")) or "en")


if __name__ == "__main__":
    main()
