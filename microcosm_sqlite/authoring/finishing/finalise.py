"""Turn a loaded database into the file that is published, and check it as a reader opens it.

The same rows give the same bytes. A finished wheel is opened once more, and its database queried.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from filecmp import cmp
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.loading.connections import open_scanner
from microcosm_sqlite.authoring.project.settings import MANIFEST_FILE, ProjectSettings
from microcosm_sqlite.catalog.cache.extraction import extract_file
from microcosm_sqlite.catalog.cache.joining import extract_archive
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.damages import find_damages
from microcosm_sqlite.catalog.location import Location, member_name
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.opening import read_wheel
from microcosm_sqlite.catalog.verifying.digest import RowTexts, Span, digest_span, join_digests
from microcosm_sqlite.catalog.verifying.record import read_record
from microcosm_sqlite.common.platforms import count_processors, open_pool, synchronize_folder
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.common.workspace import open_scratch, publish_new
from microcosm_sqlite.errors import DatasetCorruptError, DatasetError, VerificationError

APPLICATION_ID = 0x4D435351
"""`MCSQ` in the header, for `file(1)` and its like."""

USER_VERSION = 3
"""The major version of the file layout."""

SETTLING = f"""
PRAGMA secure_delete=OFF;
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version={USER_VERSION};
PRAGMA schema_version=1;
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Gather statistics, and set what `VACUUM INTO` would carry over from the loading file.

    That is the schema cookie, `secure_delete` (whose default differs between builds of SQLite),
    and statistics that only some builds write.
    """
    connection.execute("ANALYZE")
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'").fetchone():
        connection.execute("DROP TABLE sqlite_stat4")
    connection.executescript(SETTLING)


def write_copy(connection: sqlite3.Connection, target: Path) -> None:
    """Rewrite the file, with pages that are laid out by content alone."""
    connection.execute("VACUUM INTO ?", (str(target),))


def settle(path: Path) -> None:
    """Bring a file to the disk, readable by everybody, before a rename makes it visible."""
    path.chmod(0o644)
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def publish(source: Path, target: Path) -> None:
    """Put a settled file in its place, all at once."""
    source.replace(target)
    synchronize_folder(target.parent)


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def publish_both(database: Path, target: Path, manifest: Path, description: Path) -> None:
    """Put a database and its manifest where neither is yet, both or none.

    Args:
        database: The finished file.
        target: Where it goes.
        manifest: The finished manifest.
        description: Where that goes.

    Raises:
        FileExistsError: Something is there.
    """
    for path in (database, manifest):
        settle(path)
    # The same bytes without a manifest are what a process left that was killed in between.
    is_left = not description.exists() and target.is_file() and cmp(database, target, shallow=False)
    if not is_left:
        publish_new(database, target)
    try:
        publish_new(manifest, description)
    except BaseException:
        if not is_left:
            target.unlink(missing_ok=True)
        raise


def replace_both(database: Path, target: Path, manifest: Path, description: Path) -> None:
    """Put a database and its manifest in the place of those before, both or none.

    No moment shows a manifest beside a database that it does not describe: in between, and where a
    process is killed there, the new database has none.

    Args:
        database: The finished file.
        target: Where it goes.
        manifest: The finished manifest, in a folder on the same file system.
        description: Where that goes.

    Raises:
        OSError: They cannot be put there.
    """
    for path in (database, manifest):
        settle(path)
    is_first = not target.exists()
    kept, described = (each.with_name(f"before-{each.name}") for each in (database, manifest))
    with suppress(OSError):  # nothing was there, or the file system has no links
        kept.hardlink_to(target)
    try:
        with suppress(FileNotFoundError):
            description.replace(described)
        database.replace(target)
        manifest.replace(description)
    except BaseException:
        if database.exists() or _put_back(kept, target, is_first=is_first):
            with suppress(FileNotFoundError):
                described.replace(description)
        raise
    synchronize_folder(target.parent)


def _put_back(kept: Path, target: Path, *, is_first: bool) -> bool:
    """Bring back the database that was there before, or none; whether that was done."""
    if is_first:
        target.unlink()
        return True
    is_kept = kept.exists()
    if is_kept:
        kept.replace(target)
    return is_kept


def compress(
    source: Path, target: Path, level: int, offset: int = 0, size: int | None = None
) -> None:
    """Compress a file with zstd: the same bytes for the same file, however many processors.

    Args:
        source: The file.
        target: Where to.
        level: How hard zstd tries.
        offset: Where to begin.
        size: How many bytes to take; by default all of them.
    """
    parameter: Any = zstd.CompressionParameter
    options = {
        parameter.compression_level: level,
        parameter.checksum_flag: 1,
        # One worker cuts the file into the same blocks as many do; none at all does not.
        parameter.nb_workers: max(1, os.cpu_count() or 1),
    }
    left = source.stat().st_size if size is None else size
    with source.open("rb") as plain, zstd.ZstdFile(target, "wb", options=options) as packed:
        plain.seek(offset)
        while chunk := plain.read(min(left, 1 << 20)):
            left -= len(chunk)
            packed.write(chunk)


MOST_THREADS = 4


def open_as_reader(path: Path) -> closing[sqlite3.Connection]:
    """Open a finished file with the reader's own hardened opener.

    Raises:
        VerificationError: Readers could not open it.
    """
    try:
        return closing(connect(Location(str(path), immutable=True)))
    except DatasetError as error:
        raise VerificationError(f"Readers cannot open the built file: {error}") from error


def digest_tables(
    path: Path, tables: Iterable[str], meanwhile: Callable[[], None] = lambda: None
) -> dict[str, str]:
    """The hash of each table's rows, whichever version of SQLite wrote them; by several threads.

    Args:
        path: The file.
        tables: The tables.
        meanwhile: What the calling thread does before it takes part; one processor is left to it.
    """
    with open_scanner(path) as connection:
        texts = {table: RowTexts(connection, table) for table in tables}
        spans = [(table, span) for table, each in texts.items() for span in each.find_spans()]
    parts = defaultdict[str, list[bytes]](list)
    with open_pool(max(1, min(MOST_THREADS, count_processors()) - 1)) as pool:
        begun = [pool.submit(_digest_span, path, *each) for each in spans]
        meanwhile()
        taken = {
            number: _digest_span(path, *spans[number])
            for number in reversed(range(len(spans)))
            if begun[number].cancel()  # no other thread has come to it
        }
        for number, (table, _) in enumerate(spans):
            part = taken[number] if number in taken else begun[number].result()
            parts[table].append(part)
    return {table: join_digests(each.columns, parts[table]) for table, each in texts.items()}


def _digest_span(path: Path, table: str, span: Span) -> bytes:
    with open_scanner(path) as connection:
        return digest_span(RowTexts(connection, table), span)


def verify_database(connection: sqlite3.Connection, row_counts: Mapping[str, int]) -> None:
    """Check integrity, row counts and that every view answers.

    Raises:
        VerificationError: One of them is not as it should be.
    """
    try:
        _check_integrity(connection)
        _check_row_counts(connection, row_counts)
        _check_views(connection)
    except sqlite3.Error as error:
        raise VerificationError(f"The built file cannot be read: {error}.") from error


def _check_integrity(connection: sqlite3.Connection) -> None:
    if problems := find_damages(connection, "integrity_check"):
        raise VerificationError(f"The built file is damaged: {'; '.join(problems)}.")


def _check_row_counts(connection: sqlite3.Connection, row_counts: Mapping[str, int]) -> None:
    for table, expected in row_counts.items():
        quoted = quote_identifier(table)
        (found,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
        if found != expected:
            raise VerificationError(
                f"Table `{table}` has {spell_count(found, 'row')} where {expected:,} were loaded."
            )


def _check_views(connection: sqlite3.Connection) -> None:
    views = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
    for (view,) in views:
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(view)} LIMIT 0")
        except sqlite3.Error as error:
            raise VerificationError(
                f"View `{view}` does not answer under the reader's opener: {error}.",
                hint="Views may use SQLite's own harmless functions only.",
            ) from error


def verify_wheel(wheel: str | Path) -> Manifest:
    """Check the database inside of a wheel against the manifest inside of it, and query it.

    Raises:
        VerificationError: One is missing, or they do not belong together.
        DatasetError: The wheel cannot be read.
    """
    name = Path(wheel).name
    distribution = read_wheel(str(wheel))
    manifest = distribution.read_manifest()
    if manifest is None:
        raise VerificationError(
            f"{name} has no extra_metadata/{MANIFEST_FILE} in its .dist-info folder.",
            hint="It needs hatchling 1.26 or later.",
        )
    member = member_name(manifest)
    if not manifest.shards and member not in read_record(distribution):
        raise VerificationError(
            f"{name} has no {member}.",
            hint="Does [tool.hatch.build.targets.wheel] `packages` name the package, and "
            "nothing exclude the database?",
        )
    with _extracting(f"{name}/{member}") as folder:
        _verify_file(extract_archive(distribution, manifest, folder), manifest)
    return manifest


def verify_in_place(settings: ProjectSettings) -> Manifest:
    """The same for an editable install, whose database stays in the project's tree.

    Raises:
        VerificationError: As for `verify_wheel`.
    """
    manifest = Manifest.loads(settings.manifest_path.read_bytes(), MANIFEST_FILE)
    with _extracting(settings.resource) as folder:
        _verify_file(extract_file(str(settings.database_path), manifest, folder), manifest)
    return manifest


@contextmanager
def _extracting(name: str) -> Iterator[str]:
    """A folder to extract a database into; a database that differs from its manifest is named."""
    with open_scratch() as folder:
        try:
            yield str(folder)
        except DatasetCorruptError as error:
            raise VerificationError(
                f"{name} is not the file that the manifest describes: its sha256 differs.",
                hint="Build again, and let nothing change the database afterwards.",
            ) from error


def _verify_file(path: str, manifest: Manifest) -> None:
    with open_as_reader(Path(path)) as reader:
        verify_database(reader, {name: table.row_count for name, table in manifest.tables.items()})
