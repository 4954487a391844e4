"""Writes the next revision of the database from the difference to the declared tables.

`python -m jiedan.core.revising "Orders know their warehouse"`, then read what was written: a
renamed column looks like one that went and one that came.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.operations.ops import CreateTableOp, MigrateOperation
from sqlalchemy import BigInteger, Enum, Integer
from sqlalchemy.types import TypeEngine

from jiedan.core.audit import FIRST_HEAD, AuditHead
from jiedan.core.database import Database, JsonValue, ScaledDecimal, UtcDateTime
from jiedan.core.migrating import upgrade
from jiedan.core.schema import MIGRATIONS, load_tables, newest_revision

_MARKS = re.compile(r"^ *# ### .*\n", re.MULTILINE)


class FirstHead(MigrateOperation):
    """Puts the row of `audit_head` there, from which the chain of the audit begins."""


@renderers.dispatch_for(FirstHead)
def _render_first_head(_context: AutogenContext, _operation: FirstHead) -> str:
    columns = ", ".join(
        f'sa.column("{name}", sa.{"LargeBinary" if isinstance(value, bytes) else "BigInteger"})'
        for name, value in FIRST_HEAD.items()
    )
    row = ", ".join(
        f'"{name}": {f"bytes({len(value)})" if isinstance(value, bytes) else value}'
        for name, value in FIRST_HEAD.items()
    )
    return f'op.bulk_insert(sa.table("{AuditHead.__tablename__}", {columns}), [{{{row}}}])'


def write_revision(message: str, *, folder: Path = MIGRATIONS) -> Path | None:
    """Write the next revision into `folder`; None when the declared tables are all there."""
    metadata = load_tables()
    newest = newest_revision(folder)
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/scratch.db", durable=False)
        if newest is not None:
            upgrade(database, folder=folder)
        with database.engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(folder))
            config.set_main_option("path_separator", "os")
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            config.attributes["options"] = {
                "connection": connection,
                "target_metadata": metadata,
                "render_item": render_type,
                "compare_type": True,
            }
            written = command.revision(
                config,
                message,
                autogenerate=True,
                rev_id=f"{int(newest or 0) + 1:04}",
                process_revision_directives=_finish,
            )
        database.close()
    scripts = written if isinstance(written, list) else [written]
    if not scripts or scripts[0] is None:
        return None
    path = Path(scripts[0].path)
    path.write_text(_MARKS.sub("", path.read_text("utf-8")), "utf-8")
    return path


def _finish(_context: object, _revision: object, directives: list[Any]) -> None:
    """Write nothing when nothing changed; begin the chain where its table is made."""
    operations = directives[0].upgrade_ops
    if operations.is_empty():
        directives.clear()
    made = {one.table_name for one in operations.ops if isinstance(one, CreateTableOp)}
    if AuditHead.__tablename__ in made:
        operations.ops.append(FirstHead())


def render_type(kind: str, thing: Any, context: AutogenContext) -> str | Literal[False]:
    """Our column types by what the database makes of them, so that revisions outlive them."""
    if kind != "type" or not isinstance(thing, TypeEngine):
        return False
    if isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(thing, ScaledDecimal):
        return "sa.BigInteger()"
    if isinstance(thing, Enum):
        return f"sa.String({thing.length})"
    variants: Mapping[str, TypeEngine[Any]] = thing._variant_mapping
    if isinstance(thing, BigInteger) and isinstance(variants.get("sqlite"), Integer):
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    if isinstance(thing, JsonValue):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def main() -> None:
    """`python -m jiedan.core.revising "What changes"`."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = write_revision(sys.argv[1])
    if path is None:
        print("The newest revision has all declared tables.")
        return
    for tidy in (("format", "-q"), ("check", "-q", "--fix"), ("format", "-q")):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, path], check=False)
    print(path)


if __name__ == "__main__":
    main()
