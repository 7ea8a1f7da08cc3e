"""Build the wheels of a project, those of columnar twins, and shards of what is too large."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.progress import Progress
from microcosm_sqlite.authoring.sharding.columnar_wheel import add_twins
from microcosm_sqlite.authoring.sharding.part_wheels import publish_parts
from microcosm_sqlite.authoring.sharding.shard_wheels import split_wheel
from microcosm_sqlite.authoring.sharding.size_limits import choose_shard_size
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.common.workspace import naming_full_disk, open_workspace
from microcosm_sqlite.errors import BuildError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.project.settings import ProjectSettings


def build_wheels(
    settings: ProjectSettings, folder: Path, *, progress: Progress | None = None
) -> list[Path]:
    """Let hatchling build the wheels of a project, editions included, and write them into a folder.

    >>> build_wheels(settings, Path("dist"))[-1].name            # doctest: +SKIP
    'birds_data-1.0-py3-none-any.whl'

    Args:
        settings: The project.
        folder: Where the wheels go, shards and columnar twins into its folder ``shards``; it is
            made if need be, and files of the same names are replaced.
        progress: Told of the step.

    Returns:
        The wheels in the order in which they are published: shards before what needs them.

    Raises:
        BuildError: hatchling cannot build them; the text says why.
        DatasetError: A wheel cannot be written in shards.
        MissingDependencyError: hatchling is not installed.
        OSError: The folder cannot be written to.
    """
    progress = progress or Progress()
    with extra("build", "Building wheels"):
        import hatchling  # noqa: F401
    folder.mkdir(parents=True, exist_ok=True)
    with naming_full_disk(folder / "wheels"), open_workspace(folder, ".wheels-") as workspace:
        # Without the current directory on the import path, where a file may be called as a module.
        command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel"]
        progress.start("Wheels")
        done = subprocess.run(  # noqa: S603  # Python itself
            [*command, "-d", str(workspace.resolve())],
            cwd=settings.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"hatchling cannot build {settings.root}: {done.stderr.strip()}")
        finished = sorted(workspace.glob("*.whl"))
        parts, wholes = _write_twins(settings, finished, workspace / "columnar")
        wheels = publish_parts(parts, folder)
        for whole in wholes:
            limit = choose_shard_size(settings, whole.stat().st_size)
            wheels += split_wheel(whole, folder, limit, settings.compression_level)
    progress.finish(spell_count(len(wheels), "wheel"))
    return wheels


def _write_twins(
    settings: ProjectSettings, wheels: list[Path], folder: Path
) -> tuple[list[Path], list[Path]]:
    """The wheels of columnar twins, and those that they belong to; the latter alone without any."""
    if not settings.columnar:
        return [], wheels
    folder.mkdir()
    written = [add_twins(wheel, settings.columnar, folder) for wheel in wheels]
    return [part for *parts, _ in written for part in parts], [whole for *_, whole in written]
