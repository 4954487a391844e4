"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = "${up_revision}"
down_revision = ${'"' + down_revision + '"' if down_revision else None}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring an older database here."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """There is no way back but a backup."""
    raise NotImplementedError
