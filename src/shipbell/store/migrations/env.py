"""What Alembic runs around the migrations: they join the transaction that `upgrading` has opened."""

from alembic import context

from shipbell.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
