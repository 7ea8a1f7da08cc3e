"""Alembic for datasets: one folder of revisions each, and no ``alembic.ini``.

Revisions of the dataset ``name`` stand in ``sqlite-migrations/name`` beside the application's
package, or below the folder that the component ``sqlite_migrations_dir`` of the graph names.
Alembic's own configuration object carries the graph and the models to ``env.py``, which is ours
and the same for everybody.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from microcosm.errors import LockedGraphError, NotBoundError

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import SettingsError
from microcosm_sqlite.orm.answering import binds_of
from microcosm_sqlite.orm.external_keys import copy_without_external_keys
from microcosm_sqlite.orm.transactions import take_lock
from microcosm_sqlite.orm.types import EnumType, Truthy

with extra("migrate"):
    from alembic import command
    from alembic.config import CommandLine, Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from microcosm_sqlite.orm.data_sets import DataSet

__all__ = [
    "ENVIRONMENT",
    "CommandError",
    "MigrationEnvironment",
    "command",
    "get_alembic_environment_options",
    "get_migrations_dir",
    "list_revisions",
    "make_alembic_config",
    "patch_script_directory",
    "run_migrations",
]

ENVIRONMENT = Path(__file__).parent / "alembic_environment"
"""The folder of our ``env.py`` and revision template."""


class MigrationEnvironment:
    """The connection and metadata that ``env.py`` works on.

    Attributes:
        graph: The object graph.
        data_set: The declarative base, or a model of it.
        include_downgrade: Write a ``downgrade`` function into new revisions.
        process_revision_directives: Alembic's hook of this name.
    """

    def __init__(
        self,
        graph: Any,
        data_set: type[DataSet],
        *,
        include_downgrade: bool = True,
        process_revision_directives: Callable[..., None] | None = None,
    ) -> None:
        self.graph = graph
        self.data_set = data_set
        self.include_downgrade = include_downgrade
        self.process_revision_directives = process_revision_directives

    def make_config(self) -> Config:
        """Alembic's configuration for the dataset.

        Raises:
            SettingsError: There is no folder for its revisions.
        """
        folder = get_migrations_dir(self.graph, self.data_set.resolve().dataset_name)
        config = make_alembic_config(str(ENVIRONMENT), folder)
        config.attributes["environment"] = self
        return config

    def run_command(self, arguments: Sequence[str]) -> None:
        """Run an ``alembic`` command line, such as ``["upgrade", "head"]``."""
        command_line = CommandLine()
        options = command_line.parser.parse_args(list(arguments))
        if not hasattr(options, "cmd"):
            command_line.parser.error("too few arguments")
        if options.cmd[0].__name__ == "init":
            command_line.parser.error("a dataset needs no `init`: create its folder instead")
        command_line.run_cmd(self.make_config(), options)


def make_alembic_config(temporary_dir: str, migrations_dir: str) -> Config:
    """Alembic's configuration, made without a file.

    Args:
        temporary_dir: The folder of ``env.py`` and the revision template; see :data:`ENVIRONMENT`.
        migrations_dir: The folder of the revisions.
    """
    config = Config()
    # Alembic splits and interpolates these; its attributes it takes as they are.
    config.set_main_option("path_separator", "newline")
    config.set_main_option("script_location", temporary_dir.replace("%", "%%"))
    config.set_main_option("version_locations", migrations_dir.replace("%", "%%"))
    environment = _current_environment.get()
    if environment is not None:
        config.attributes["environment"] = environment
    return config


def get_migrations_dir(graph: Any, name: str) -> str:
    """The folder of a dataset's revisions.

    Raises:
        SettingsError: It does not exist.
    """
    try:
        base = graph.sqlite_migrations_dir
    except (LockedGraphError, NotBoundError):
        base = graph.metadata.get_path("sqlite-migrations")
    folder = Path(base) / name
    if not folder.is_dir():
        raise SettingsError(f"There is no folder {folder}.", hint="Create it for the revisions.")
    return str(folder)


def list_revisions(folder: Path) -> tuple[set[str], list[str]]:
    """Every revision in a folder, and those that no other follows."""
    directory = ScriptDirectory.from_config(make_alembic_config(str(ENVIRONMENT), str(folder)))
    return {script.revision for script in directory.walk_revisions()}, directory.get_heads()


def get_alembic_environment_options(graph: Any) -> dict[str, Any]:
    """Options for Alembic's ``context.configure``, from ``alembic.environment_options``."""
    try:
        return dict(graph.config.alembic.environment_options)
    except (AttributeError, LockedGraphError, NotBoundError):
        return {}


@contextmanager
def patch_script_directory(
    graph: Any,
    Base: type[DataSet],  # noqa: N803  # the keyword of 2.0.0
    include_downgrade: bool = True,
    process_revision_directives: Callable[..., None] | None = None,
) -> Iterator[str]:
    """Have :func:`make_alembic_config` make configurations for this dataset within the block.

    It kept its name from 2.0.0; nothing is patched any more.
    """
    environment = MigrationEnvironment(
        graph,
        Base,
        include_downgrade=include_downgrade,
        process_revision_directives=process_revision_directives,
    )
    token = _current_environment.set(environment)
    try:
        yield str(ENVIRONMENT)
    finally:
        _current_environment.reset(token)


def run_migrations(context: Any) -> None:
    """Run the revisions that a command asks for: the whole of our ``env.py``.

    Args:
        context: Alembic's environment context.
    """
    environment: MigrationEnvironment = context.config.attributes["environment"]
    options = {
        "target_metadata": copy_without_external_keys(environment.data_set.metadata),
        # SQLite can change little of a table in place, so Alembic copies it.
        "render_as_batch": True,
        # A revision that fails half way leaves the database as it was.
        "transactional_ddl": True,
        "render_item": _render_stored_type,
        "process_revision_directives": environment.process_revision_directives,
        **get_alembic_environment_options(environment.graph),
    }
    name = environment.data_set.resolve().dataset_name
    binds = binds_of(environment.graph, name)
    if context.is_offline_mode():
        context.configure(dialect_name="sqlite", literal_binds=True, **options)
        _print_migrations(context, uses_foreign_keys=binds.use_foreign_keys)
        return
    engine, _ = binds(name)
    with engine.connect() as connection, _foreign_keys_off(connection):
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            # Before Alembic reads which revision the database has: of two programs that upgrade it
            # at once, the second waits, and finds it upgraded.
            if _moves_database(context.get_context().opts):
                take_lock(connection)
            context.run_migrations()


def _moves_database(options: Mapping[str, Any]) -> bool:
    """Whether a command brings the database to another revision, in one transaction."""
    return "destination_rev" in options and not options.get("transaction_per_migration")


_current_environment: ContextVar[MigrationEnvironment | None] = ContextVar(
    "microcosm_sqlite.migrations", default=None
)


def _render_stored_type(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Name our types in revisions by what they store, which needs no import and never changes."""
    if kind == "type" and isinstance(item, EnumType):
        return "sa.Unicode(length=255)"
    if kind == "type" and isinstance(item, Truthy):
        return "sa.Boolean()"
    return False


def _print_migrations(context: Any, *, uses_foreign_keys: bool) -> None:
    """Print what the online run executes, with foreign keys off for the same reason.

    SQLite ignores the pragma within a transaction, so it stands before and after.
    """
    context.execute("PRAGMA foreign_keys=OFF")
    with context.begin_transaction():
        context.run_migrations()
    if uses_foreign_keys:
        context.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _foreign_keys_off(connection: Connection) -> Iterator[None]:
    """Copying a table drops the old one, which must not delete what refers to it."""
    driver_connection: Any = connection.connection.dbapi_connection
    (is_on,) = driver_connection.execute("PRAGMA foreign_keys").fetchone()
    driver_connection.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver_connection.rollback()
        driver_connection.execute(f"PRAGMA foreign_keys={is_on}")
