"""Write the wheel of a small edition from the wheel of the full dataset.

It is a distribution of its own, with the database in a package of its own. All other files are
those of the full wheel, so that programs import the same models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from microcosm_sqlite.authoring.finishing.describe import digest, place_file
from microcosm_sqlite.authoring.finishing.finalise import compress, verify_wheel
from microcosm_sqlite.authoring.finishing.wheel_files import WheelWriter, copy_info, open_single
from microcosm_sqlite.authoring.project.recipe import Recipe, check_edition
from microcosm_sqlite.authoring.subsetting.subset import Subset, write_subset
from microcosm_sqlite.catalog.discovery import GROUP
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.manifest import FILE_NAME, Manifest
from microcosm_sqlite.common.workspace import open_scratch, open_workspace

_INIT = '''\
"""Edition {edition} of the dataset {dataset}."""

from __future__ import annotations

import os


def path(graph: object = None) -> object:
    """Return where the database is: the entry point by which microcosm-sqlite finds it."""
    {body}
'''
_IN_PLACE = 'return os.path.join(os.path.dirname(__file__), "{resource}")'
_EXTRACTED = """\
import microcosm_sqlite

    return microcosm_sqlite.dataset("{dataset}", edition="{edition}").path"""


def name_edition_wheel(name: str, edition: str) -> str:
    """What a file or folder named after a distribution is called where it is of an edition.

    >>> name_edition_wheel("birds_data-1.0-py3-none-any.whl", "lite")
    'birds_data_lite-1.0-py3-none-any.whl'
    """
    stem, dash, rest = name.partition("-")
    return f"{stem}_{edition.replace('-', '_')}{dash}{rest}"


def write_edition_wheel(wheel: Path, edition: str, recipe: Recipe, level: int) -> Path:
    """Write the wheel of an edition beside the wheel of the full dataset, and return its path.

    The same wheel and recipe give the same bytes.

    Args:
        wheel: The full wheel.
        edition: The edition's name; the distribution is called so as well, behind a hyphen.
        recipe: Which rows it has.
        level: How hard zstd tries, if the full wheel's database is compressed.

    Raises:
        DatasetError: The wheel carries not one dataset, or its database cannot be used.
        VerificationError: What was written is not what it should be.
        OSError: It cannot be written.
    """
    check_edition(edition)
    with open_scratch() as scratch:
        dataset = open_single(wheel, scratch)
        subset = write_subset(dataset, scratch / "edition", recipe, edition=edition)
        writer = _EditionWheel(wheel, edition, dataset, subset, level)
        with open_workspace(wheel.parent, f".{wheel.name}.{edition}-") as workspace:
            writer.write(workspace / writer.name, scratch)
            verify_wheel(workspace / writer.name)
            (workspace / writer.name).replace(wheel.with_name(writer.name))
    return wheel.with_name(writer.name)


class _EditionWheel:
    def __init__(
        self, wheel: Path, edition: str, dataset: InstalledDataset, subset: Subset, level: int
    ) -> None:
        assert dataset.entry is not None  # noqa: S101  # it is in a wheel
        assert dataset.manifest is not None  # noqa: S101  # or it would have no subset
        suffix = edition.replace("-", "_")
        self.name = name_edition_wheel(wheel.name, edition)
        self._wheel = wheel
        self._edition = edition
        self._dataset = dataset
        self._subset = subset
        self._level = level
        self._manifest = dataset.manifest
        self._package = f"{self._manifest.package.replace('.', '_')}_{suffix}"
        self._old_info = Path(dataset.entry.distribution.metadata).name
        self._info = name_edition_wheel(self._old_info, edition)

    def write(self, target: Path, scratch: Path) -> None:
        with ZipFile(self._wheel) as full, ZipFile(target, "w") as small:
            writer = WheelWriter(small)
            for info, content in self._list_members(full, scratch):
                writer.add(info, content)
            record = full.getinfo(f"{self._old_info}/RECORD")
            writer.add_record(copy_info(record, f"{self._info}/RECORD"))

    def _list_members(self, full: ZipFile, scratch: Path) -> Iterator[tuple[ZipInfo, bytes | Path]]:
        database = member_name(self._manifest)
        resource, content = self._pack(scratch)
        described = Manifest(self._subset.manifest.raw).dumps().encode()
        changed: dict[str, Callable[[bytes], bytes]] = {
            "METADATA": self._rename,
            "entry_points.txt": self._enter,
            f"extra_metadata/{FILE_NAME}": lambda _: described,
        }
        for info in full.infolist():
            inner = info.filename.removeprefix(f"{self._old_info}/")
            if info.is_dir() or info.filename == f"{self._old_info}/RECORD":
                continue
            if info.filename == database:
                init = self._write_init(resource).encode()
                yield copy_info(info, f"{self._package}/__init__.py"), init
                yield copy_info(info, f"{self._package}/{resource}"), content
            elif inner == info.filename:
                yield copy_info(info, info.filename), full.read(info)
            else:
                data = full.read(info)
                yield (
                    copy_info(info, f"{self._info}/{inner}"),
                    changed[inner](data) if inner in changed else data,
                )

    def _write_init(self, resource: str) -> str:
        names = {"edition": self._edition, "dataset": self._manifest.name, "resource": resource}
        body = _IN_PLACE if self._manifest.compression == "none" else _EXTRACTED
        return _INIT.format(**names, body=body.format(**names))

    def _pack(self, scratch: Path) -> tuple[str, Path]:
        """The database as the full wheel has it, plain or compressed, and its file name."""
        raw, path, name = self._subset.manifest.raw, self._subset.path, self._subset.path.name
        compression, file_hash = self._manifest.compression, ""
        if compression == "zstd":
            path, name = scratch / f"{name}.zst", f"{name}.zst"
            compress(self._subset.path, path, self._level)
            file_hash = digest(path)
        place_file(
            raw,
            package=self._package,
            resource=name,
            compression=compression,
            file_hash=file_hash,
        )
        return name, path

    def _rename(self, metadata: bytes) -> bytes:
        """The metadata with the edition's name: headers are the lines up to the first empty one."""
        headers, blank, body = metadata.decode().partition("\n\n")
        lines = [
            f"{line}-{self._edition}" if line.startswith("Name: ") else line
            for line in headers.split("\n")
        ]
        return ("\n".join(lines) + blank + body).encode()

    def _enter(self, entry_points: bytes) -> bytes:
        """The entry points, of which that of the dataset leads to the edition's package."""
        lines, group = [], ""
        for line in entry_points.decode().split("\n"):
            name = line.partition("=")[0].strip()
            if line.startswith("["):
                group = line.strip()
            elif group == f"[{GROUP}]" and name == self._manifest.name:
                line = f"{name} = {self._package}:path"  # noqa: PLW2901
            lines.append(line)
        return "\n".join(lines).encode()
