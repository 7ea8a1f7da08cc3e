"""Look into a finished wheel: the database that travels is the one that was verified."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from microcosm_sqlite.authoring.finishing.inputs import digest
from microcosm_sqlite.authoring.finishing.verification import open_as_reader, verify_database
from microcosm_sqlite.authoring.project.settings import MANIFEST_FILE, ProjectSettings
from microcosm_sqlite.catalog.codecs import open_decompressed
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.errors import VerificationError


def verify_wheel(wheel: str | Path) -> Manifest:
    """Check the database inside of a wheel against the manifest inside of it, and query it.

    Raises:
        VerificationError: One is missing, or they do not belong together.
    """
    with zipfile.ZipFile(wheel) as archive:
        manifest = _read_manifest(archive)
        member = f"{manifest.package.replace('.', '/')}/{manifest.resource}"
        if member not in archive.namelist():
            raise VerificationError(
                f"{Path(wheel).name} has no {member}.",
                hint="Does [tool.hatch.build.targets.wheel] `packages` name the package, and "
                "nothing exclude the database?",
            )
        with archive.open(member) as packed:
            _verify_stream(packed, manifest, f"{Path(wheel).name}/{member}")
    return manifest


def verify_in_place(settings: ProjectSettings) -> Manifest:
    """The same for an editable install, whose database stays in the project's tree.

    Raises:
        VerificationError: As for `verify_wheel`.
    """
    manifest = Manifest.loads(settings.manifest_path.read_bytes(), MANIFEST_FILE)
    with settings.database_path.open("rb") as packed:
        _verify_stream(packed, manifest, settings.resource)
    return manifest


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    suffix = f".dist-info/extra_metadata/{MANIFEST_FILE}"
    for name in archive.namelist():
        if name.endswith(suffix) and name.count("/") == 2:
            return Manifest.loads(archive.read(name), name)
    raise VerificationError(
        f"The wheel has no *{suffix}.", hint="It needs hatchling 1.26 or later."
    )


def _verify_stream(packed: IO[bytes], manifest: Manifest, name: str) -> None:
    with _extract(packed, manifest.compression) as database:
        if digest(database) != manifest.sha256:
            raise VerificationError(
                f"{name} is not the file that the manifest describes: its sha256 differs.",
                hint="Build again, and let nothing change the database afterwards.",
            )
        with open_as_reader(database) as reader:
            verify_database(
                reader, {name: table.row_count for name, table in manifest.tables.items()}
            )


@contextmanager
def _extract(packed: IO[bytes], compression: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="microcosm-sqlite-") as folder:
        database = Path(folder) / "extracted.db"
        with open_decompressed(packed, compression) as unpacked, database.open("wb") as out:  # type: ignore[arg-type]
            shutil.copyfileobj(unpacked, out, 1 << 20)
        yield database
