"""What verification says of the keys that lead from one dataset into another: check V14."""

from __future__ import annotations

from contextlib import closing

from microcosm_sqlite.catalog.external_keys import (
    count_orphans,
    find_fault,
    list_external_keys,
    list_orphans,
)
from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.catalog.requirements import find_misfit, list_required, suggest_install
from microcosm_sqlite.catalog.spelling import spell_count
from microcosm_sqlite.catalog.subject import Unchecked
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.external_keys import ExternalKey
    from microcosm_sqlite.catalog.manifest import Requirement
    from microcosm_sqlite.catalog.subject import Subject


def find_crossing_faults(subject: Subject) -> Iterator[str]:
    """One complaint for each key that does not lead where it should.

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


def _check_requirements(subject: Subject, required: list[Requirement]) -> None:
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
        raise Unchecked(f"this environment has not what it refers to: {text}")
    raise DatasetError(text, hint=suggest_install(*faults.values()))


def _check_key(subject: Subject, connection: sqlite3.Connection, key: ExternalKey) -> Iterator[str]:
    fault = find_fault(connection, key)
    if fault:
        yield f"{key.table} ({', '.join(key.columns)}): {fault}"
        return
    rows = count_orphans(connection, key)
    if rows:
        (values,) = list_orphans(connection, key, 1)
        example = ", ".join(
            f"{name}={value!r}" for name, value in zip(key.columns, values, strict=True)
        )
        yield (
            f"{spell_count(rows, 'reference')} of {key.table} to rows of {key.goal} "
            f"that are not there, "
            f"such as {example}{_compare_versions(subject, key.dataset)}"
        )


def _compare_versions(subject: Subject, name: str) -> str:
    built = subject.manifest.requires.get(name)
    other = find(name)
    if not (built and built.version and other):
        return ""
    here = other.distribution_version or other.version
    return f" (built with {name} {built.version}, here is {here or 'one without a version'})"
