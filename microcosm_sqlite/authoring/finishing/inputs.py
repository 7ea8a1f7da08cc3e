"""Everything that decides the bytes of a dataset, as one digest: unchanged means no build."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path

from microcosm_sqlite.authoring.project.models import Others, identify
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import Source
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.errors import ManifestError


def digest_inputs(
    settings: ProjectSettings,
    sources: Mapping[str, tuple[Source, ...]],
    imported: Iterable[Path] = (),
    others: Others | None = None,
) -> str:
    """The hex sha256 of all that decides: sources, code, settings, other datasets, builders.

    Code of the project that stands elsewhere counts where the models `imported` it.

    No path of this machine goes into it: a checkout elsewhere has the same digest. It is empty
    where a source is a function, since nobody knows what that reads.
    """
    if any(isinstance(source, SourceFunction) for files in sources.values() for source in files):
        return ""
    import sqlalchemy

    known = cache(digest)  # many tables may come from one database
    left_out = {"root", "sources"} | (set() if settings.repairs else {"repairs"})
    described = {
        "settings": {k: v for k, v in asdict(settings).items() if k not in left_out},
        "sources": {
            table: [[s.name, known(s.path)] for s in files if isinstance(s, SourceFile)]
            for table, files in sources.items()
        },
        "code": {
            path.relative_to(settings.root).as_posix(): digest(path)
            for path in {*settings.package_directory.rglob("*.py"), *imported}
        },
        "others": identify(others or {}),
        "versions": [find_builder_version(), sqlite3.sqlite_version, sqlalchemy.__version__],
    }
    return sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()


def find_current(settings: ProjectSettings, inputs: str) -> Manifest | None:
    """The manifest that is published, if it and its database are what these inputs give."""
    if not inputs:
        return None
    try:
        manifest = Manifest.loads(settings.manifest_path.read_bytes())
        raw = manifest.raw[EXTENSION]
        if raw.get("inputs") != f"sha256:{inputs}":
            return None
        expected = raw.get("fileHash", raw["hash"])
        if f"sha256:{digest(settings.database_path)}" != expected:
            return None
    except (OSError, ManifestError):
        return None
    return manifest


def digest(path: Path) -> str:
    """The hex sha256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@cache
def find_builder_version() -> str:
    """The installed version of microcosm-sqlite."""
    return version("microcosm-sqlite")
