"""Commands for people: who may sign in, and keys for programs."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from jiedan.core.actor import SYSTEM
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import open_platform
from jiedan.core.work import Work
from jiedan.people import accounts, directory, organisation, tokens


@click.group("user", help="People who can sign in.")
def user_group() -> None:
    """What can be done with people from the command line."""


@user_group.command("add", help="Add somebody; asks for a password, or reads it from a pipe.")
@click.argument("login")
@click.option("--name", help="The name people read; else the login.")
@click.option("--name-en", default="", help="The name in Latin letters.")
@click.option("--role", "roles", multiple=True, help="A role's code, such as OC; may be repeated.")
@click.option("--department", help="A department's code.")
@click.option("--email", default="", help="An e-mail address.")
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
def add_command(
    login: str,
    name: str | None,
    name_en: str,
    roles: tuple[str, ...],
    department: str | None,
    email: str,
    generate: bool,
) -> None:
    """`jiedan user add sunyue --name 孙悦 --role OC`."""
    password = secrets.token_urlsafe(12) if generate else _ask_password()
    with _administration() as work:
        person = accounts.add_user(
            work,
            login=login,
            name=name or login,
            name_en=name_en,
            roles=roles,
            department=department,
            email=email,
            password=password,
            must_change_password=generate,
        )
    click.echo(_("%(login)s can sign in now.", login=person.login))
    if generate:
        click.echo(password)


@user_group.command("list", help="Show people, their roles and whether they can sign in.")
@click.argument("query", default="")
def list_command(query: str) -> None:
    """`jiedan user list`, `jiedan user list sun`."""
    with open_platform() as platform, platform.read() as session:
        page = directory.list_users(session, query=query, size=200)
        for person in page.people:
            state = _("active") if person.active else _("disabled")
            roles = ",".join(sorted(person.roles)) or "–"
            click.echo(f"{person.login:<20} {person.shown:<16} {roles:<12} {state}")
        if page.total > len(page.people):
            click.echo(_("… and %(n)s more", n=page.total - len(page.people)))


@user_group.command("disable", help="Take somebody's access away at once.")
@click.argument("login")
def disable_command(login: str) -> None:
    """`jiedan user disable sunyue`."""
    with _administration() as work:
        accounts.disable_user(work, login=login, reason="command line")
    click.echo(_("%(login)s can no longer sign in.", login=login))


@user_group.command("enable", help="Let somebody sign in again.")
@click.argument("login")
def enable_command(login: str) -> None:
    """`jiedan user enable sunyue`."""
    with _administration() as work:
        accounts.enable_user(work, login=login)
    click.echo(_("%(login)s can sign in now.", login=login))


@user_group.command("roles", help="Give somebody exactly these roles.")
@click.argument("login")
@click.argument("roles", nargs=-1)
def roles_command(login: str, roles: tuple[str, ...]) -> None:
    """`jiedan user roles sunyue OC CS`."""
    with _administration() as work:
        person = accounts.set_roles(work, login=login, roles=roles)
    click.echo(f"{person.login}: {', '.join(sorted(person.roles)) or '–'}")


@user_group.command("password", help="Give somebody a new password; ends their sign-ins.")
@click.argument("login")
@click.option("--keep", is_flag=True, help="They need not change it at the next sign-in.")
def password_command(login: str, keep: bool) -> None:
    """`jiedan user password sunyue`."""
    password = _ask_password()
    with _administration() as work:
        accounts.set_password(work, login=login, password=password, must_change_password=not keep)
    click.echo(_("%(login)s has a new password.", login=login))


@click.command("token", help="Make a key for the API that acts as this person; shown once.")
@click.argument("login")
@click.option("--name", default="", help="What the key is for.")
@click.option("--days", default=365, show_default=True, help="How long it is good; 0: for ever.")
def token_command(login: str, name: str, days: int) -> None:
    """`jiedan token sunyue`."""
    with _administration() as work:
        made = tokens.make_token(work, login=login, name=name, days=days or None)
    click.echo(made.token)


@contextmanager
def _administration() -> Iterator[Work]:
    """A unit of work of the system itself, with roles and departments up to date."""
    with open_platform() as platform:
        declared = organisation.load_organisation(platform.settings.config_dir / "roles.toml")
        with platform.work(actor=SYSTEM) as work:
            organisation.sync_organisation(work, organisation=declared)
            yield work


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed: str = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True)
    return typed
