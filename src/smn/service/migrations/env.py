"""Runs the migrations on the connection that `smn.service.records.upgrade` gives."""

from alembic import context

from smn.service.records import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
