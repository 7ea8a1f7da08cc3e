"""The one way from a dataset project to a published database and its manifest."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Thread

import sqlalchemy as sa

from microcosm_sqlite.authoring.finishing.describe import (
    describe_dataset,
    digest,
    digest_inputs,
    find_current,
    measure_tables,
)
from microcosm_sqlite.authoring.finishing.finalise import (
    compress,
    digest_tables,
    open_as_reader,
    prepare,
    replace_both,
    settle,
    verify_database,
    write_copy,
)
from microcosm_sqlite.authoring.loading.ahead import loading_ahead
from microcosm_sqlite.authoring.loading.connections import (
    SORTING_CACHE,
    create_full_text,
    create_indexes,
    create_tables,
    open_engine,
    open_loading,
)
from microcosm_sqlite.authoring.loading.foreign_keys import find_external_orphans, find_orphans
from microcosm_sqlite.authoring.loading.load import keep_what_fits
from microcosm_sqlite.authoring.loading.parallel import fill_part, fill_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.loading.value_errors import raise_together
from microcosm_sqlite.authoring.loading.violations import find_duplicates
from microcosm_sqlite.authoring.progress import Progress
from microcosm_sqlite.authoring.project.models import Models, import_models
from microcosm_sqlite.authoring.project.repairs import count_kinds
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import (
    find_dos_ends,
    find_links_out,
    find_sources,
)
from microcosm_sqlite.authoring.sources.formats import Source, choose_opener
from microcosm_sqlite.authoring.sources.members import unpack_sources
from microcosm_sqlite.authoring.sources.records import Opener
from microcosm_sqlite.authoring.sources.streams import DOS_END
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.common.page_cache import page_cache
from microcosm_sqlite.common.platforms import follow_parent
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.common.workspace import naming_full_disk, open_hidden_workspace
from microcosm_sqlite.errors import BuildError, ManifestError, SettingsError


@dataclass(frozen=True)
class BuiltDataset:
    """A published database.

    Attributes:
        path: Where it is.
        manifest: What its manifest says.
        manifest_path: Where that is.
        is_fresh: Whether this build made it; false where nothing had changed.
    """

    path: Path
    manifest: Manifest
    manifest_path: Path
    is_fresh: bool = True


def build_dataset(
    settings: ProjectSettings, *, progress: Progress | None = None, force: bool = False
) -> BuiltDataset:
    """Build the dataset of a project, verify it, and publish it with its manifest.

    What was published before stays until the new file has passed every check, and stays for good
    if it does not. Nothing is built where sources, models, settings and versions are unchanged.

    Args:
        settings: The project, as `ProjectSettings.from_pyproject` reads it.
        progress: Told of each step.
        force: Build even if nothing changed.

    Raises:
        BuildError: One of its kinds; the text says where.
        OSError: There is no room for the database.
    """
    progress = progress or Progress()
    with import_models(settings) as models:
        sources = find_sources(settings, models.metadata.tables.keys())
        inputs = digest_inputs(settings, sources, models.files, models.others)
        current = None if force else find_current(settings, inputs)
        if current is not None:
            progress.start(f"{settings.dataset}: unchanged")
            progress.finish()
            return BuiltDataset(
                settings.database_path, current, settings.manifest_path, is_fresh=False
            )
        with naming_full_disk(settings.database_path):
            manifest = _build(settings, models, sources, inputs, progress)
    return BuiltDataset(settings.database_path, manifest, settings.manifest_path)


def try_build(settings: ProjectSettings) -> Path:
    """Build a copy of a project, to see whether it can be built, and return its database.

    It is not compressed, so that it can be read in place.

    Raises:
        BuildError: It cannot be built.
    """
    return build_dataset(replace(settings, compression="none")).path


def _build(
    settings: ProjectSettings,
    models: Models,
    sources: Mapping[str, tuple[Source, ...]],
    inputs: str,
    progress: Progress,
) -> Manifest:
    target = settings.database_path
    prefix = f"{target.name}.build-"
    links = [*find_links_out(sources.values(), settings.root)]
    with open_hidden_workspace(target.parent, prefix) as workspace, ThreadPoolExecutor() as pool:
        loading, finished = workspace / "loading.db", workspace / "finished.db"
        sources = unpack_sources(sources, workspace)
        dos_ends = [*find_dos_ends(chain.from_iterable(sources.values()))]
        with closing(open_loading(loading)) as connection:
            try:
                for name, file in links:
                    progress.start(f"{name} is a link")
                    progress.finish(f"{file} is read")
                for source in dos_ends:
                    progress.start(source.name)
                    progress.finish(DOS_END)
                row_counts = _load(connection, settings, models, sources, progress, workspace)
                progress.start("Writing the file")
                prepare(connection)
                ranges = pool.submit(measure_tables, loading, models.metadata)
                write_copy(connection, finished)
            except sqlite3.OperationalError as error:
                raise BuildError(f"SQLite cannot write {settings.dataset}: {error}.") from error
        settled = pool.submit(settle, finished)  # which the checks below need not wait for
        sha256 = pool.submit(digest, finished)
        with open_as_reader(finished) as reader:
            verify = partial(verify_database, reader, row_counts)
            contents = digest_tables(finished, row_counts, meanwhile=verify)
            manifest = describe_dataset(
                settings,
                models,
                reader,
                size=finished.stat().st_size,
                sha256=sha256.result(),
                contents=contents,
                ranges=ranges.result(),
                repairs=_count_repairs(settings, sources, dos_ends),
                inputs=inputs,
            )
        try:
            settled.result()
            _publish(settings, manifest, finished, progress)
        except OSError as error:
            raise BuildError(f"{settings.database_path} cannot be written: {error}.") from error
        progress.finish(f"{settings.database_path.name}, {manifest.bytes:,} bytes")
    return manifest


def _count_repairs(
    settings: ProjectSettings,
    sources: Mapping[str, tuple[Source, ...]],
    dos_ends: Collection[Source],
) -> dict[str, dict[str, int]]:
    """Table to how many repairs of each kind its sources have, and ends of files of DOS."""
    counts = {
        table: count_kinds(
            repair for source in files for repair in settings.repairs.get(source.name, ())
        )
        for table, files in sources.items()
    }
    for table, files in sources.items():
        if ends := sum(source in dos_ends for source in files):
            counts[table]["dos-end"] = ends
    return counts


def _publish(
    settings: ProjectSettings, manifest: Manifest, finished: Path, progress: Progress
) -> None:
    published = finished
    if settings.compression != "none":
        progress.start("Compressing")
        published = finished.with_suffix(".db.zst")
        compress(finished, published, settings.compression_level)
        manifest.raw[EXTENSION]["fileHash"] = f"sha256:{digest(published)}"
    described = finished.with_name("manifest.json")
    described.write_text(manifest.dumps(), "utf-8", newline="\n")
    outdated = _find_outdated(settings)
    replace_both(published, settings.database_path, described, settings.manifest_path)
    if outdated:
        outdated.unlink(missing_ok=True)


def _find_outdated(settings: ProjectSettings) -> Path | None:
    """The database that was published under another name, as before it was compressed."""
    try:
        resource = Manifest.loads(settings.manifest_path.read_bytes()).resource
    except (OSError, ManifestError):
        return None
    if resource in ("", settings.resource) or Path(resource).name != resource:
        return None
    return settings.manifest_path.with_name(resource)


def _load(
    connection: sqlite3.Connection,
    settings: ProjectSettings,
    models: Models,
    sources: Mapping[str, tuple[Source, ...]],
    progress: Progress,
    workspace: Path,
) -> dict[str, int]:
    with open_engine(connection) as engine:
        create_tables(engine, models.metadata)
        loads = {
            name: _plan(settings, models, engine.dialect, table, sources.get(name, ()), progress)
            for name, table in models.metadata.tables.items()
        }
        by_name = dict(sorted(loads.items()))
        row_counts, errors = {}, defaultdict[str, list[BuildError]](list)
        with loading_ahead(by_name, workspace) as find_filled:
            for name, load in by_name.items():
                progress.start(name, sum(source.size for source in sources.get(name, ())))
                try:
                    row_counts[name] = fill_table(connection, load, workspace, find_filled(name))
                except SettingsError:
                    raise
                except BuildError as error:
                    errors[name].append(error)
                    progress.finish("refused")
                    keep_what_fits(connection, load)
                else:
                    progress.finish(spell_count(row_counts[name], "row"))
        progress.start("Indexes and keys")
        with page_cache(connection, SORTING_CACHE):
            for name, load in loads.items():
                if name not in errors and (found := _index(engine, load)):
                    errors[name] += found
        limit, refused = settings.error_limit, frozenset(errors)
        for name, orphans in chain(
            find_orphans(connection, loads, limit, refused),
            find_external_orphans(connection, models.metadata, models.others, loads, limit),
        ):
            errors[name].append(orphans)
        raise_together([*chain.from_iterable(errors[name] for name in sorted(errors))])
        for cls in models.classes.values():
            create_full_text(connection, cls)
        progress.finish()
    return row_counts


def _plan(
    settings: ProjectSettings,
    models: Models,
    dialect: sa.Dialect,
    table: sa.Table,
    sources: tuple[Source, ...],
    progress: Progress,
) -> TableLoad:
    options = settings.read_options(table.name)
    return TableLoad(
        rules=TableRules.of(table, dialect, options, models.aliases(table.name)),
        openers=[
            choose_opener(source, options.csv, settings.repairs.get(source.name, ()))
            for source in sources
        ],
        skip_unknown=settings.unknown_columns == "ignore",
        error_limit=settings.error_limit,
        advance=progress.advance,
        count_rows=progress.count_rows,
        start=partial(_start_part, settings, table.name),
    )


_LOAD_PART = "from microcosm_sqlite.authoring.build import load_part; load_part()"


def _start_part(
    settings: ProjectSettings, table: str, part: Opener, file: Path
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603  # Python itself
        [sys.executable, "-c", _LOAD_PART],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if process.stdin:
        process.stdin.write(pickle.dumps((settings, table, part, file)))
        process.stdin.flush()
    return process


def load_part() -> None:
    """Load the part that standard input tells of into a file, in a process of its own.

    Raises:
        BuildError: It cannot be loaded; so the process fails, and its parent finds out why.
    """
    settings, table, part, file = pickle.load(sys.stdin.buffer)  # noqa: S301  # by `_start_part`
    Thread(target=follow_parent, daemon=True).start()
    with (
        import_models(settings) as models,
        closing(sqlite3.connect(":memory:")) as connection,
        open_engine(connection) as engine,
    ):
        described = models.metadata.tables[table]
        load = _plan(settings, models, engine.dialect, described, (), Progress())
        fill_part(file, replace(load, openers=[part]))


def _index(engine: sa.Engine, load: TableLoad) -> list[BuildError]:
    """Create the indexes of a table; the errors that tell of what is there twice."""
    try:
        create_indexes(engine, load.rules.table)
    except sa.exc.IntegrityError as error:
        told = f"A unique index of table `{load.rules.table.name}` has duplicates: {error.orig}."
        return [*find_duplicates(load)] or [BuildError(told)]
    return []
