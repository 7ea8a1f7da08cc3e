"""What the build does with a finished wheel: verify the database inside, and draw the data card."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from microcosm_sqlite.authoring.finishing.verification import open_as_reader, verify_database
from microcosm_sqlite.authoring.project.settings import MANIFEST_FILE, ProjectSettings
from microcosm_sqlite.catalog.cache.extraction import extract_file, extract_member
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.opening import open_wheel, read_wheel
from microcosm_sqlite.catalog.verifying.record import read_record
from microcosm_sqlite.common.workspace import open_scratch, open_workspace
from microcosm_sqlite.errors import DatasetCorruptError, VerificationError


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
    if member not in read_record(distribution):
        raise VerificationError(
            f"{name} has no {member}.",
            hint="Does [tool.hatch.build.targets.wheel] `packages` name the package, and "
            "nothing exclude the database?",
        )
    with _extracting(f"{name}/{member}") as folder:
        _verify_file(extract_member(str(wheel), member, manifest, folder), manifest)
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


def render_wheel_card(wheel: str | os.PathLike[str]) -> str:
    """The data card of a wheel's dataset; nothing of the wheel is installed or run.

    Raises:
        DatasetError: The wheel cannot be read, or carries no dataset.
    """
    from microcosm_sqlite.interop.card.page import render_card

    with open_scratch() as folder:
        return render_card(next(open_wheel(os.fspath(wheel), str(folder))))


def write_wheel_card(wheel: str | os.PathLike[str]) -> Path:
    """Write the card beside the wheel, under its name with the suffix .html, and return the path.

    Raises:
        DatasetError: As for `render_wheel_card`.
    """
    path = Path(wheel).with_suffix(".html")
    with open_workspace(path.parent, f".{path.name}-") as workspace:
        draft = workspace / path.name
        draft.write_text(render_wheel_card(wheel), encoding="utf-8")
        draft.replace(path)
    return path
