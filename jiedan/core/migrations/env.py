"""Runs revisions for `jiedan.core.revising`, which hands over the connection.

Installations migrate through `jiedan.core.migrating` and need no environment.
"""

from alembic import context

context.configure(**context.config.attributes["options"])
with context.begin_transaction():
    context.run_migrations()
