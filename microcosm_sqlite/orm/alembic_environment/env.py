"""The script that Alembic runs for every command that needs a database."""

from alembic import context

from microcosm_sqlite.orm.migrations import run_migrations

run_migrations(context)
