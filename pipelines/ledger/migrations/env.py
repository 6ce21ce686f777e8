"""Alembic's entry: runs the migrations over the connection that `database.upgrade` hands in."""

from alembic import context

from pipelines.ledger.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
