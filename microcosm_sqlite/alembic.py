"""Import path for users; the code is in `microcosm_sqlite.orm.migrations`."""

from __future__ import annotations

from microcosm_sqlite.orm.migrations import (
    get_alembic_environment_options,
    get_migrations_dir,
    make_alembic_config,
    patch_script_directory,
)

__all__ = [
    "get_alembic_environment_options",
    "get_migrations_dir",
    "make_alembic_config",
    "patch_script_directory",
]
