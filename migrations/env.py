"""Alembic runs this: migrate over the connection that core/migrating.py hands in, inside its transaction."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=False)
context.run_migrations()
