"""The commands for content: check and deploy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

import app as house
from jiedan.core.actor import SYSTEM
from jiedan.core.i18n import current_locale, ngettext
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import open_platform, speaking
from jiedan.core.settings import load_settings
from jiedan.flow.content.check import Finding, Surroundings, check_folders
from jiedan.flow.content.read import ENDINGS
from jiedan.flow.definitions import deploy, deploy_folders
from jiedan.flow.errors import DeploymentRefused
from jiedan.people.organisation import load_organisation

FOLDERS = ("processes", "processes/decisions", "forms")


@click.command("check", help="Check all diagrams, decisions and forms without deploying them.")
def check_command() -> None:
    """`jiedan check`: ends with an error when something would be refused."""
    with speaking():
        settings = load_settings()
        roles = load_organisation(settings.config_dir / "roles.toml").roles
        found = check_folders(
            [settings.root / name for name in FOLDERS],
            around=Surroundings(roles=frozenset(role.code for role in roles)),
        )
    _show(found)
    refused = sum(finding.refuses for finding in found)
    if refused:
        raise click.ClickException(
            ngettext(
                "%(n)s finding would refuse a deployment.",
                "%(n)s findings would refuse a deployment.",
                refused,
            )
        )
    click.echo(_("The content is in order."))


@click.command("deploy", help="Deploy files, or what changed in the content folders.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--comment", default="", help="What changed and why.")
def deploy_command(files: tuple[Path, ...], comment: str) -> None:
    """`jiedan deploy`, `jiedan deploy processes/order_review.bpmn --comment "…"`."""
    for path in files:
        if path.suffix not in ENDINGS:
            raise click.UsageError(
                _("%(name)s is neither a diagram, nor a decision, nor a form.", name=path.name)
            )
    with open_platform() as platform:
        flow = house.create_flow(platform)
        try:
            if files:
                content = {path.name: path.read_bytes() for path in files}
                done = deploy(flow, actor=SYSTEM, files=content, comment=comment)
            else:
                done = deploy_folders(flow, actor=SYSTEM)
        except DeploymentRefused as refusal:
            _show(refusal.params["findings"])
            raise
        for definition in done.changed:
            click.echo(f"{definition.filename} → {definition.key} v{definition.version}")
        if not done.changed:
            click.echo(_("Nothing has changed."))


def _show(findings: Iterable[Finding]) -> None:
    locale = current_locale()
    for one in findings:
        place = " ".join(part for part in (one.file, one.element_id, f"“{one.label}”") if part)
        said = " ".join(part for part in (one.text(locale), one.advice(locale)) if part)
        click.echo(f"{one.level}: {place}: {said}")
