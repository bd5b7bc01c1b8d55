"""Alembic's entry point: migrates the connection it is handed, inside that one's transaction."""

from alembic import context

from data.store.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()
