"""Write the columnar twins of a finished wheel as a wheel of their own, which it then tells of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from microcosm_sqlite.authoring.finishing.describe import digest
from microcosm_sqlite.authoring.finishing.wheel_files import open_single
from microcosm_sqlite.authoring.sharding.part_wheels import (
    rewrite_wheel,
    write_metadata,
    write_part_wheel,
)
from microcosm_sqlite.catalog.columnar import ShippedTwin
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.workspace import open_scratch
from microcosm_sqlite.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.installed import InstalledDataset

SUFFIX = "columnar"
"""What the name of the distribution ends with, and the extra that installs it."""


def add_twins(wheel: Path, tables: Sequence[str] | bool, folder: Path) -> list[Path]:
    """Write the wheel of the columnar twins of a finished wheel, and that wheel, which names it.

    The same wheel gives the same bytes, as long as pyarrow is the same.

    Args:
        wheel: The wheel.
        tables: Names of the tables, or True for all.
        folder: Where both go, under their own names.

    Returns:
        The wheel of the twins and the other; that one alone where it is of an edition, which
        has none.

    Raises:
        DatasetError: The wheel does not carry one dataset, or its database cannot be used.
        SettingsError: There is no such table.
        MissingDependencyError: pyarrow is not installed.
        OSError: A wheel cannot be written.
    """
    with open_scratch() as scratch:
        dataset = open_single(wheel, scratch)
        assert dataset.entry is not None  # noqa: S101  # it is in a wheel
        assert dataset.manifest is not None  # noqa: S101  # it was asked for one that has one
        if dataset.edition:
            return [wheel]
        distribution, raw = dataset.entry.distribution, dataset.manifest.raw
        twins = list(_write_twins(dataset, tables, scratch))
        raw[EXTENSION]["columnar"] = [described for described, _ in twins]
        parts = [(ShippedTwin(described), file) for described, file in twins]
        part, _ = parts[0]
        written = write_part_wheel(
            folder, part, _describe(part, distribution), {each.path: file for each, file in parts}
        )
        rewrite_wheel(wheel, folder / wheel.name, distribution, raw, _list_headers(part))
    return [written, folder / wheel.name]


def _write_twins(
    dataset: InstalledDataset, tables: Sequence[str] | bool, scratch: Path
) -> Iterator[tuple[dict[str, Any], Path]]:
    """What the manifest says of each twin, and the file."""
    with extra("arrow", "Writing columnar twins"):
        from microcosm_sqlite.interop.columnar import make_key, write_twin
        from microcosm_sqlite.interop.reader import stream
        from microcosm_sqlite.interop.scan import plan_scan
    assert dataset.entry is not None  # noqa: S101  # it is in a wheel
    distribution = dataset.entry.distribution
    name = f"{canonicalize_name(distribution.name)}-{SUFFIX}"
    for number, table in enumerate(_choose_tables(dataset, tables), 1):
        file = scratch / f"{number}.parquet"
        scan = plan_scan(dataset, table)
        with file.open("wb") as target:
            write_twin(dataset, scan, stream, target, "zstd")
        sha256 = digest(file)
        yield (
            {
                "table": table,
                "layout": make_key(scan),
                "distribution": name,
                "version": distribution.version,
                "path": f"{name.replace('-', '_')}/{sha256[:40]}.parquet",
                "fileBytes": file.stat().st_size,
                "fileHash": f"sha256:{sha256}",
            },
            file,
        )


def _choose_tables(dataset: InstalledDataset, tables: Sequence[str] | bool) -> list[str]:
    known = list(dataset.tables)
    if isinstance(tables, bool):
        return known
    for table in tables:
        if table not in known:
            raise SettingsError(
                f"Option `columnar` names the table {table}, which is not in {dataset.name}.",
                hint=f"Its tables are {', '.join(known)}.",
            )
    return list(dict.fromkeys(tables))


def _describe(part: ShippedTwin, owner: Distribution) -> str:
    name = canonicalize_name(owner.name)
    use = "which reads it where it is installed"
    return write_metadata(part.distribution, part.version, owner, name, "columnar twins", use)


def _list_headers(part: ShippedTwin) -> str:
    needed = (f"{part.distribution}=={part.version}", "microcosm-sqlite[arrow]")
    lines = [f'Requires-Dist: {each}; extra == "{SUFFIX}"\n' for each in needed]
    return f"Provides-Extra: {SUFFIX}\n{''.join(lines)}"
