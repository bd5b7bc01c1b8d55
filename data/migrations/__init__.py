"""The history of the store's tables, as Alembic revisions; run by `Store.open`, never by hand."""
