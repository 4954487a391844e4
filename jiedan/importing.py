"""The command `jiedan import`: diagrams of other engines, converted and reported on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from jiedan.core.errors import JiedanError
from jiedan.core.i18n import current_locale, ngettext
from jiedan.core.i18n import gettext as _
from jiedan.core.opening import speaking
from jiedan.flow.importing import CONVERTED, NOTE, UNCONVERTED, Imported, import_diagram

ENDINGS = (".bpmn20.xml", ".bpmn", ".xml")


@click.command("import", help="Convert diagrams of Camunda 7, Operaton, Flowable, SpiffWorkflow.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("imported"),
    show_default=True,
    help="The folder for the converted diagrams and their forms.",
)
def import_command(files: tuple[Path, ...], out: Path) -> None:
    """`jiedan import old/*.bpmn --out processes`; ends with an error when a file is refused."""
    refused = 0
    with speaking():
        for path in files:
            target = out / f"{stem_of(path.name)}.bpmn"
            if target.resolve() == path.resolve():
                raise click.UsageError(
                    _("%(name)s would be overwritten; choose another folder.", name=str(path))
                )
            try:
                imported = import_diagram(path.read_bytes(), filename=path.name)
            except JiedanError as error:
                refused += 1
                click.echo(f"{path}: {error}", err=True)
                continue
            _write(out, target, imported)
            for line in report(path, target, imported):
                click.echo(line)
    if refused:
        raise click.ClickException(
            ngettext("%(n)s file was refused.", "%(n)s files were refused.", refused)
        )


def stem_of(name: str) -> str:
    """The file name without the endings that diagrams have."""
    return next((name.removesuffix(one) for one in ENDINGS if name.endswith(one)), name)


def report(path: Path, target: Path, imported: Imported) -> Iterator[str]:
    """The lines about one file: what is left to do, what is worth knowing, what was done."""
    locale = current_locale()
    named = {
        UNCONVERTED: _("not converted"),
        NOTE: _("note"),
        CONVERTED: _("converted"),
    }
    dialects = ", ".join(imported.dialects) or "–"
    yield f"{path} → {target} ({dialects})"
    for row in imported.rows:
        place = " ".join(part for part in (row.element_id, f"“{row.label}”") if part)
        said = " ".join(part for part in (row.text(locale), row.advice(locale)) if part)
        yield f"  {named[row.level]}: {place}: {row.rule}: {said}"
    counts = "  ".join(f"{named[level]} {count}" for level, count in imported.counts.items())
    yield f"  {counts}"


def _write(out: Path, target: Path, imported: Imported) -> None:
    out.mkdir(parents=True, exist_ok=True)
    target.write_bytes(imported.source)
    for name, content in imported.forms.items():
        (out / name).write_bytes(content)
