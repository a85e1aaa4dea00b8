"""What Alembic runs for each command: on the connection that it is given, nothing else.

Owns: the context of a migration. Leaves to others: opening the database (database).
"""

from __future__ import annotations

from alembic import context

from inkdigits.corrections.tables import VERSION_TABLE, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite can't alter columns in place
)
with context.begin_transaction():
    context.run_migrations()
