"""The name in 2.0.0 of :mod:`microcosm_sqlite.authoring.comparing.migrations`."""

from __future__ import annotations

from microcosm_sqlite.authoring.comparing.migrations import (
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
