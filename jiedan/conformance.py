"""The command `jiedan conformance`: measures the engines by public test data in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from jiedan.dmn import conformance as decisions
from jiedan.flow import bpmn_conformance as processes
from jiedan.flow import bpmn_round_trip as trips


@click.command("conformance")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("var/conformance-bpmn.tsv"),
    show_default=True,
    help="Where each BPMN file that did not complete is listed with the element in the way.",
)
@click.option(
    "--round-trip",
    is_flag=True,
    help="Only import each BPMN file, hand it out and import it again, and say what is lost.",
)
def conformance_command(folder: Path, report: Path, *, round_trip: bool) -> None:
    """Run the BPMN files or the DMN test cases found under FOLDER."""
    if round_trip:
        for line in trips.run(folder):
            click.echo(line)
        return
    if processes.files_in(folder):
        for line in processes.run(folder, report):
            click.echo(line)
    if any(folder.rglob("*.dmn")):
        raise SystemExit(decisions.main([str(folder)]))
