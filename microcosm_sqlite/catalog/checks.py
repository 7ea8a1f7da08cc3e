"""The checks of a verification: one small function for each, all of them in one table.

A check is given a :class:`~microcosm_sqlite.catalog.subject.Subject` and yields one complaint for
each thing that is wrong; it raises :class:`~microcosm_sqlite.catalog.subject.Unchecked` where there
is nothing to compare with. Its docstring says what is true if it holds. Codes are never used again
for another meaning.
"""

from __future__ import annotations

import os

from microcosm_sqlite.catalog import preflight
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.catalog.crossing import find_crossing_faults
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.modelled import compare_models
from microcosm_sqlite.catalog.record import compare_archive, compare_installed, read_record
from microcosm_sqlite.catalog.spelling import spell_count
from microcosm_sqlite.catalog.structure import describe_structure, fingerprint, table_names
from microcosm_sqlite.catalog.subject import Subject, Unchecked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[[Subject], Iterator[str]]


class Check:
    """One line of the table.

    Attributes:
        code: Its number.
        run: The function.
        mend: What to do if it fails, with ``{distribution}`` for the distribution's name, and
            ``{restore}`` for the line that brings the file back, packaged or cached.
        is_advice: Whether a complaint is a warning only.
        needs_soundness: Whether it reads rows, which a damaged structure makes dangerous.
    """

    __slots__ = ("code", "is_advice", "mend", "needs_soundness", "run")

    def __init__(
        self, code: str, run: Run, mend: str, *, is_advice: bool, needs_soundness: bool
    ) -> None:
        self.code = code
        self.run = run
        self.mend = mend
        self.is_advice = is_advice
        self.needs_soundness = needs_soundness

    @property
    def meaning(self) -> str:
        """What is true if it holds."""
        return (self.run.__doc__ or self.run.__name__).rstrip(".")  # python -OO drops docstrings


CHECKS: list[Check] = []
"""All checks, in the order in which they run."""

_REINSTALL = "Run: pip install --force-reinstall --no-deps {distribution}"
_RESTORE = "Run: {restore}"
_REBUILD = "Tell its author to build it again."
_COPY = "Run: uv pip install --reinstall --link-mode=copy {distribution}"


def _numbered(
    code: str, mend: str, *, is_advice: bool = False, needs_soundness: bool = False
) -> Callable[[Run], Run]:
    def add(run: Run) -> Run:
        CHECKS.append(Check(code, run, mend, is_advice=is_advice, needs_soundness=needs_soundness))
        return run

    return add


@_numbered("V01", _REINSTALL)
def check_record(subject: Subject) -> Iterator[str]:
    """Every file is as RECORD lists it."""
    entry = subject.dataset.entry
    if entry is None:
        raise Unchecked("it was registered by hand")
    distribution = entry.distribution
    record = read_record(distribution)
    if not record:
        raise Unchecked("its installer wrote no RECORD")
    if distribution.is_zipped:
        yield from compare_archive(distribution.site, record)
        return
    manifest = subject.dataset.manifest
    if manifest and member_name(manifest) not in record:
        if not os.path.exists(os.path.join(distribution.site, member_name(manifest))):
            raise Unchecked("unverifiable (editable): its files are its author's")
        yield f"{member_name(manifest)} is not listed"
    yield from compare_installed(distribution.site, record, subject.hash_once)


@_numbered("V02", _REINSTALL)
def check_manifest(subject: Subject) -> Iterator[str]:
    """The manifest can be read."""
    manifest = subject.manifest
    if not manifest.tables:
        yield f"{manifest.origin} describes no table"


@_numbered("V03", _RESTORE)
def check_hash(subject: Subject) -> Iterator[str]:
    """The database is the one that the manifest names."""
    expected = subject.manifest
    sha256, size = subject.hash
    if size != expected.bytes:
        yield f"{subject.path} has {size:,} bytes; published were {expected.bytes:,}"
    elif sha256 != expected.sha256:
        yield f"{subject.path} has sha256 {sha256}; published was {expected.sha256}"


@_numbered("V04", _RESTORE)
def check_header(subject: Subject) -> Iterator[str]:
    """The file is a complete SQLite database."""
    preflight.check_header(subject.path)
    yield from ()


@_numbered("V05", _RESTORE)
def check_sidecars(subject: Subject) -> Iterator[str]:
    """Nothing was under way when the file was copied."""
    preflight.check_sidecars(subject.path)
    yield from ()


@_numbered("V06", _RESTORE)
def check_structure(subject: Subject) -> Iterator[str]:
    """The file's structure is sound."""
    pragma = "integrity_check" if subject.full else "quick_check"
    for (finding,) in subject.connection.execute(f"PRAGMA {pragma}(10)"):
        if finding != "ok":
            yield " ".join(finding.split())


@_numbered("V07", _REBUILD, needs_soundness=True)
def check_foreign_keys(subject: Subject) -> Iterator[str]:
    """Foreign keys lead somewhere."""
    broken: dict[tuple[str, str], int] = {}
    for table, _, target, _ in subject.connection.execute("PRAGMA foreign_key_check"):
        broken[table, target] = broken.get((table, target), 0) + 1
    for (table, target), rows in broken.items():
        yield f"{spell_count(rows, 'reference')} of {table} to rows of {target} that are not there"


@_numbered("V08", _RESTORE, needs_soundness=True)
def check_row_counts(subject: Subject) -> Iterator[str]:
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


@_numbered("V09", _RESTORE, needs_soundness=True)
def check_contents(subject: Subject) -> Iterator[str]:
    """Tables have the rows that were published."""
    from microcosm_sqlite.catalog.digest import content_digest

    expected = {name: table.digest for name, table in subject.manifest.tables.items()}
    if not any(expected.values()):
        raise Unchecked("its manifest holds no digests")
    if subject.has_published_hash and not subject.full:
        raise Unchecked("the file's hash implies it (checked in full only)")
    for name in table_names(subject.connection):
        published = expected.get(name)
        if published and content_digest(subject.connection, name) != published:
            yield f"table {name} has other rows than were published"


@_numbered("V10", _RESTORE, needs_soundness=True)
def check_fingerprint(subject: Subject) -> Iterator[str]:
    """The schema is the one that was published."""
    if not subject.manifest.fingerprint:
        raise Unchecked("its manifest holds no fingerprint")
    found = fingerprint(describe_structure(subject.connection))
    if found != subject.manifest.fingerprint:
        yield f"the schema is {found}; published was {subject.manifest.fingerprint}"


@_numbered("V11", _REBUILD, needs_soundness=True)
def check_models(subject: Subject) -> Iterator[str]:
    """The models and the file agree."""
    if not subject.models:
        raise Unchecked("not asked for: it imports the data wheel's code")
    structure = describe_structure(subject.connection)
    yield from compare_models(subject.dataset.models, subject.dataset.name, structure)


@_numbered("V12", _COPY, is_advice=True)
def check_links(subject: Subject) -> Iterator[str]:
    """No other environment shares the file."""
    links = os.stat(subject.path).st_nlink
    if links > 1:
        yield (
            f"{subject.path} has {links} hard links, as uv makes them: a program that writes to "
            "it changes it in other environments as well"
        )


@_numbered("V13", "chmod o-w the paths named.")
def check_permissions(subject: Subject) -> Iterator[str]:
    """Nobody else can change the file."""
    for path in (subject.path, os.path.dirname(subject.path)):
        mode = os.stat(path).st_mode
        if mode & 0o002 and not mode & 0o1000:
            yield f"anybody can change {path} (mode {mode & 0o7777:04o})"


@_numbered("V14", "Install versions that belong together.", needs_soundness=True)
def check_external_keys(subject: Subject) -> Iterator[str]:
    """Foreign keys into other datasets lead somewhere."""
    return find_crossing_faults(subject)


@_numbered("V15", _REBUILD, needs_soundness=True)
def check_ranges(subject: Subject) -> Iterator[str]:
    """Columns hold what is said of them."""
    from microcosm_sqlite.catalog.ranges import compare_columns

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
