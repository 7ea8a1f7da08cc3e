"""The checks of a verification: one small function for each, all of them in one table.

A check takes a :class:`VerificationContext` and yields one complaint for each thing that is wrong;
it raises :class:`Unchecked` where there is nothing to compare with. Its docstring says what is true
if it holds. Codes are never used again for another meaning.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing

from microcosm_sqlite.catalog import preflight
from microcosm_sqlite.catalog.cache.joining import find_shards
from microcosm_sqlite.catalog.cache.part_files import refuse_parts
from microcosm_sqlite.catalog.damages import find_damages
from microcosm_sqlite.catalog.discovery import advise_on_duplicates
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.registry import (
    find,
    find_misfit,
    list_required,
    suggest_install,
)
from microcosm_sqlite.catalog.replacement import refuse_replaced
from microcosm_sqlite.catalog.structure import (
    describe_structure,
    fingerprint,
    table_names,
)
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Complaint, Unchecked
from microcosm_sqlite.catalog.verifying.external_keys import (
    count_orphans,
    find_fault,
    list_external_keys,
    list_orphans,
)
from microcosm_sqlite.catalog.verifying.model_columns import compare_models
from microcosm_sqlite.catalog.verifying.record import (
    compare_archive,
    compare_installed,
    read_record,
)
from microcosm_sqlite.catalog.verifying.twins import find_twin_faults
from microcosm_sqlite.common.platforms import HAS_OWNERS
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.manifest import Requirement
    from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey
    from microcosm_sqlite.catalog.verifying.run import VerificationContext


CHECKS = Checklist()
"""All checks, in the order in which they run.

Hints name one of :class:`~microcosm_sqlite.catalog.verifying.cures.Cures`, which depends on how the
dataset came here.
"""

_REINSTALL = "{reinstall}"
_RESTORE = "{restore}"


@CHECKS.numbered("V01", _REINSTALL)
def check_record(subject: VerificationContext) -> Iterator[str]:
    """Every file matches RECORD."""
    entry = subject.dataset.entry
    if entry is None:
        raise Unchecked("it was registered by hand")
    distribution = entry.distribution
    if distribution.duplicates:
        text = f"it is installed in several versions at once: {', '.join(distribution.duplicates)}"
        yield Complaint(text, advise_on_duplicates(distribution.name))
        return
    record = read_record(distribution)
    if not (record or subject.is_wheel) and distribution.read("RECORD") is None:
        raise Unchecked("its installer wrote no RECORD")
    if not record:
        yield "RECORD lists no file, and so nothing tells what was published"
    elif distribution.is_zipped:
        yield from compare_archive(distribution.site, record)
    else:
        manifest = subject.dataset.manifest
        name = member_name(manifest) if manifest and not manifest.shards else ""
        if name not in record and not os.path.exists(os.path.join(distribution.site, name)):
            raise Unchecked("unverifiable (editable): its files are its author's")
        yield from compare_installed(distribution, record, manifest, subject.hash_once)


@CHECKS.numbered("V02", _REINSTALL)
def check_manifest(subject: VerificationContext) -> Iterator[str]:
    """The manifest can be read."""
    manifest = subject.manifest
    if not manifest.tables:
        yield f"{manifest.origin} describes no table"


@CHECKS.numbered("V03", _RESTORE)
def check_hash(subject: VerificationContext) -> Iterator[str]:
    """The database is the one that the manifest names."""
    expected = subject.manifest
    sha256, size = subject.hash
    if (size, sha256) != (expected.bytes, expected.sha256):
        refuse_replaced(subject.dataset)  # then nothing is damaged
    if size != expected.bytes:
        yield f"{subject.path} has {size:,} bytes; published were {expected.bytes:,}"
    elif sha256 != expected.sha256:
        yield f"{subject.path} has sha256 {sha256}; published was {expected.sha256}"


@CHECKS.numbered("V04", _RESTORE)
def check_header(subject: VerificationContext) -> Iterator[str]:
    """The file is a complete SQLite database."""
    preflight.check_header(subject.path)
    yield from ()


@CHECKS.numbered("V05", _RESTORE)
def check_sidecars(subject: VerificationContext) -> Iterator[str]:
    """No transaction was open when the file was copied."""
    preflight.check_sidecars(subject.path)
    yield from ()


@CHECKS.numbered("V06", _RESTORE)
def check_structure(subject: VerificationContext) -> Iterator[str]:
    """The file's structure is sound."""
    check = "integrity_check" if subject.full else "quick_check"
    for finding in find_damages(subject.connection, check):
        yield " ".join(finding.split())


@CHECKS.numbered("V07", _RESTORE, needs_soundness=True)
def check_foreign_keys(subject: VerificationContext) -> Iterator[str]:
    """Foreign keys refer to rows that exist."""
    broken: dict[tuple[str, str], int] = {}
    for table, _, target, _ in subject.connection.execute("PRAGMA foreign_key_check"):
        broken[table, target] = broken.get((table, target), 0) + 1
    for (table, target), rows in broken.items():
        yield f"{spell_count(rows, 'reference')} of {table} to rows of {target} that are not there"


@CHECKS.numbered("V08", _RESTORE, needs_soundness=True)
def check_row_counts(subject: VerificationContext) -> Iterator[str]:
    """Tables have as many rows as were published."""
    expected = {name: table.row_count for name, table in subject.manifest.tables.items()}
    found = {
        name: subject.connection.execute(
            f"SELECT count(*) FROM {quote_identifier(name)}"
        ).fetchone()[0]
        for name in table_names(subject.connection)
    }
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            yield f"table {name} is missing"
        elif name not in expected:
            yield f"table {name} is not in the manifest"
        elif found[name] != expected[name]:
            rows = spell_count(found[name], "row")
            yield f"table {name} has {rows}; published were {expected[name]:,}"


@CHECKS.numbered("V09", _RESTORE, needs_soundness=True)
def check_contents(subject: VerificationContext) -> Iterator[str]:
    """Tables have the rows that were published."""
    from microcosm_sqlite.catalog.verifying.digest import content_digest

    expected = {name: table.digest for name, table in subject.manifest.tables.items()}
    if not any(expected.values()):
        raise Unchecked("its manifest holds no digests")
    if subject.has_published_hash and not subject.full:
        raise Unchecked("the file's hash implies it (checked in full only)")
    for name in table_names(subject.connection):
        published = expected.get(name)
        if published and content_digest(subject.connection, name) != published:
            yield f"table {name} has other rows than were published"


@CHECKS.numbered("V10", _RESTORE, needs_soundness=True)
def check_fingerprint(subject: VerificationContext) -> Iterator[str]:
    """The schema is the one that was published."""
    if not subject.manifest.fingerprint:
        raise Unchecked("its manifest holds no fingerprint")
    found = fingerprint(describe_structure(subject.connection))
    if found != subject.manifest.fingerprint:
        yield f"the schema is {found}; published was {subject.manifest.fingerprint}"


@CHECKS.numbered("V11", _REINSTALL, needs_soundness=True)
def check_models(subject: VerificationContext) -> Iterator[str]:
    """The models and the file agree."""
    if not subject.models:
        raise Unchecked("not asked for: it imports the data wheel's code")
    structure = describe_structure(subject.connection)
    yield from compare_models(subject.dataset.models, subject.dataset.name, structure)


@CHECKS.numbered("V12", "{copy}", is_advice=True)
def check_links(subject: VerificationContext) -> Iterator[str]:
    """No other environment shares the file."""
    status = _look_at(subject.path)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        yield (
            f"{subject.path} has {status.st_nlink} hard links, as uv makes them: a program that "
            "writes to it changes it in other environments as well"
        )


@CHECKS.numbered("V13", "Run chmod o-w on the paths named.")
def check_permissions(subject: VerificationContext) -> Iterator[str]:
    """Nobody else can change the file."""
    if not HAS_OWNERS:
        raise Unchecked("this system does not tell permissions by modes")
    for path in (subject.path, os.path.dirname(subject.path)):
        mode = _look_at(path).st_mode
        if mode & 0o002 and not mode & 0o1000:
            yield f"anybody can change {path} (mode {mode & 0o7777:04o})"


def _look_at(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise Unchecked(f"{path} cannot be looked at: {error.strerror}") from error


@CHECKS.numbered("V14", _RESTORE, needs_soundness=True)
def check_external_keys(subject: VerificationContext) -> Iterator[str]:
    """Foreign keys into other datasets refer to rows that exist."""
    return find_crossing_faults(subject)


@CHECKS.numbered("V15", _RESTORE, needs_soundness=True)
def check_ranges(subject: VerificationContext) -> Iterator[str]:
    """Columns hold what the manifest says."""
    from microcosm_sqlite.catalog.verifying.ranges import compare_columns

    told = [
        table
        for table in subject.manifest.tables.values()
        if table.fields and all(field.null_count is not None for field in table.fields)
    ]
    if not told:
        raise Unchecked("its manifest says nothing of them")
    if not subject.full:
        raise Unchecked("it reads every row (checked in full only)")
    present = table_names(subject.connection)  # what is missing was told by another check
    for table in told:
        if table.name in present:
            yield from compare_columns(subject.connection, table)


@CHECKS.numbered("V16", _RESTORE)
def check_shards(subject: VerificationContext) -> Iterator[str]:
    """Every shard is the one that the manifest names."""
    manifest, entry = subject.manifest, subject.dataset.entry
    if entry is None or not manifest.shards:
        raise Unchecked("the database is one file")
    files = find_shards(entry.distribution, manifest)
    error = refuse_parts(entry.distribution, ((file, file.find_damage()) for file in files))
    if error:
        yield Complaint(error.message, error.hint)


@CHECKS.numbered("V17", _RESTORE, needs_soundness=True)
def check_twins(subject: VerificationContext) -> Iterator[str]:
    """Every columnar twin is as it was written, and has the rows of its table."""
    if subject.is_wheel:
        raise Unchecked("a wheel is verified by itself")
    return find_twin_faults(subject.dataset, subject.manifest, full=subject.full)


def find_crossing_faults(subject: VerificationContext) -> Iterator[str]:
    """Check the keys into other datasets; yields one complaint for each that is broken.

    Raises:
        DatasetError: A dataset is missing, or of a version that is not accepted.
        Unchecked: The same, where the subject is a wheel that is not installed here.
    """
    keys = list(list_external_keys(subject.manifest.tables.values()))
    names = sorted({key.dataset for key in keys})
    _check_requirements(subject, list_required(subject.manifest, names))
    for name in names:
        with closing(subject.dataset.connect(attach=[name])) as connection:
            for key in keys:
                if key.dataset == name:
                    yield from _check_key(subject, connection, key)


def _check_requirements(subject: VerificationContext, required: list[Requirement]) -> None:
    others = [(each, find(each.dataset)) for each in required]
    told = [
        (each, find_misfit(each, other) if other else f"dataset {each.dataset!r} is not installed")
        for each, other in others
    ]
    faults = {fault: each for each, fault in told if fault}
    if not faults:
        return
    text = "; ".join(faults)
    if subject.is_wheel:
        raise Unchecked(f"datasets that it refers to are not installed here: {text}")
    raise DatasetError(text, hint=suggest_install(*faults.values()))


def _check_key(
    subject: VerificationContext, connection: sqlite3.Connection, key: ExternalKey
) -> Iterator[str]:
    fault = find_fault(connection, key)
    if fault:
        text = f"{key.table} ({', '.join(key.columns)}): {fault}"
        yield _compare_versions(subject, key.dataset, text)
        return
    rows = count_orphans(connection, key)
    if rows:
        (values,) = list_orphans(connection, key, 1)
        example = ", ".join(
            f"{name}={value!r}" for name, value in zip(key.columns, values, strict=True)
        )
        text = (
            f"{spell_count(rows, 'reference')} of {key.table} to rows of {key.goal} "
            f"that are not there, such as {example}"
        )
        yield _compare_versions(subject, key.dataset, text)


def _compare_versions(subject: VerificationContext, name: str, text: str) -> str:
    """The complaint; where the other dataset has another version, with the one to install."""
    built, other = subject.manifest.requires.get(name), find(name)
    if not (built and built.version and other):
        return text
    here: str = other.distribution_version or other.version
    text += f" (built with {name} {built.version}, here is {here or 'one without a version'})"
    if built.version == here or not built.distribution:
        return text
    return Complaint(text, f"Run: pip install '{built.distribution}=={built.version}'")
