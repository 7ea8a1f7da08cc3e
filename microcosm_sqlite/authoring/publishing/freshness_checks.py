"""Checks P21 and P22: what is in dist/ was built from the project as it is now."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from microcosm_sqlite.authoring.finishing.inputs import digest_inputs
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.candidate import Candidate
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Unchecked
from microcosm_sqlite.errors import BuildError

CHECKS = Checklist()


@CHECKS.numbered("P21", "Build the wheel again: pip wheel --no-deps --wheel-dir dist .")
def check_wheel_is_fresh(candidate: Candidate) -> Iterator[str]:
    """The wheel was built from the project as it is now."""
    settings, manifest = candidate.settings, candidate.manifest
    try:
        sources = find_sources(settings, manifest.tables)
    except BuildError as error:
        yield f"its tables differ: {error.message.rstrip('.')}"
        return
    inputs = manifest.raw[EXTENSION].get("inputs")
    if inputs and inputs == f"sha256:{digest_inputs(settings, sources)}":
        return
    # It may be that only the libraries differ which built it, so the clock decides.
    built = candidate.wheel.stat().st_mtime
    for file in list_inputs(settings, manifest):
        if file.stat().st_mtime > built:
            yield f"{file.relative_to(settings.root).as_posix()} is newer than it"


@CHECKS.numbered("P22", "Build it again: python -m build --sdist")
def check_sdist_is_fresh(candidate: Candidate) -> Iterator[str]:
    """The source distribution holds the project as it is now."""
    settings = candidate.settings
    archive = settings.root / "dist" / f"{candidate.stem}.tar.gz"
    if not archive.exists():
        raise Unchecked("no source distribution is built")
    try:
        with tarfile.open(archive) as packed:
            members = {member.name: member for member in packed.getmembers() if member.isfile()}
            for file in list_inputs(settings, candidate.manifest):
                name = file.relative_to(settings.root).as_posix()
                member = members.get(f"{candidate.stem}/{name}")
                content = packed.extractfile(member) if member else None
                if content is None:
                    yield f"{archive.name} has no {name}"
                elif content.read() != file.read_bytes():
                    yield f"{archive.name} has a different {name}"
    except (tarfile.TarError, OSError, EOFError) as error:
        yield f"{archive.name} cannot be read: {error}"


def list_inputs(settings: ProjectSettings, manifest: Manifest) -> list[Path]:
    """The files of a project that decide what is in its dataset, as far as they are known."""
    try:
        found = find_sources(settings, manifest.tables)
    except BuildError:
        found = {}
    sources = [
        source.path
        for files in found.values()
        for source in files
        if isinstance(source, SourceFile) and source.path.is_relative_to(settings.root)
    ]
    code = sorted(settings.package_directory.rglob("*.py"))
    return list(dict.fromkeys([*sources, *code, settings.root / "pyproject.toml"]))
