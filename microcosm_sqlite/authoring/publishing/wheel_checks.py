"""Checks P10 to P25, and P30: a wheel is complete and up to date, and an index would take it."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from email.utils import parseaddr
from hashlib import file_digest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from microcosm_sqlite.authoring.finishing.describe import digest, digest_inputs
from microcosm_sqlite.authoring.project.changelog import CHANGELOG
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.candidate import (
    BUILD,
    Candidate,
    find_bad_names,
    find_foreign_methods,
    find_oddities,
)
from microcosm_sqlite.authoring.sharding.size_limits import (
    ADVISED_LIMIT,
    BUILD_WHEELS,
    COMPRESS,
    FILE_LIMIT,
    SET_SHARDS,
    SHARD,
    find_remedy,
)
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.catalog.discovery import GROUP
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Complaint, Unchecked
from microcosm_sqlite.catalog.verifying.record import compare_archive, read_record
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import BuildError, DatasetError

CHECKS = Checklist()

BOMB_SIZE, BOMB_RATIO = 64 << 20, 50
"""Bytes, and times its own size, beyond both of which an archive may not unpack."""

_REFERENCE = re.compile(r"[\w.]+(:[\w.]+)?(\s*\[.*\])?")
_ENTRY_NAME = re.compile(r"[\w.-]+")
_REBUILD = f"Build the wheel again, in its project: {BUILD}"


@CHECKS.numbered("P10", _REBUILD)
def check_metadata(candidate: Candidate) -> Iterator[str]:
    """METADATA is valid, has the wheel's name and version, and names only imports in the wheel."""
    from packaging.metadata import Metadata
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

    try:
        metadata = Metadata.from_email(candidate.read("METADATA"))
        name, version, *_ = parse_wheel_filename(candidate.wheel.name)
    except ExceptionGroup as group:
        yield from (str(error) for error in group.exceptions)
        return
    except InvalidWheelFilename as error:
        yield str(error)
        return
    if (canonicalize_name(metadata.name), metadata.version) != (name, version):
        yield f"{candidate.wheel.name} says that it is {metadata.name} {metadata.version}"
    files = candidate.archive.namelist()
    for imported in candidate.metadata.get("import_names") or []:
        place = imported.partition(";")[0].strip().replace(".", "/")
        if place and not any(re.match(rf"{re.escape(place)}(/|\.)", file) for file in files):
            text = f"`import-names` has {imported}, which is not in the wheel"
            yield Complaint(text, "Correct `import-names` of [project], and build the wheel again.")


@CHECKS.numbered("P11", SHARD)
def check_size(candidate: Candidate) -> Iterator[str]:
    """The index accepts files as large as the wheel, its shards and its columnar twins."""
    for path in dict.fromkeys([candidate.wheel, *candidate.uploads]):
        size = path.stat().st_size if path.exists() else 0  # what is missing is told as P30
        if size > FILE_LIMIT:
            it = "it" if path == candidate.wheel else path.name
            text = f"{it} has {size:,} bytes; the index takes {FILE_LIMIT:,}"
            _, compression = _find_data(candidate)
            is_set = candidate.is_project and candidate.settings.shards > 0
            is_sharded = is_set or path != candidate.wheel
            yield Complaint(text, find_remedy(compression, is_sharded=is_sharded))


@CHECKS.numbered("P12", SET_SHARDS, is_advice=True)
def check_headroom(candidate: Candidate) -> Iterator[str]:
    """It has room to grow."""
    size = candidate.wheel.stat().st_size
    if ADVISED_LIMIT < size <= FILE_LIMIT:
        text = f"it has {size:,} bytes, and the index takes {FILE_LIMIT:,}"
        yield Complaint(text, COMPRESS) if _find_data(candidate)[1] == "none" else text


def _find_data(candidate: Candidate) -> tuple[str, str]:
    """The database in the wheel, and how it is compressed; empty where no manifest tells."""
    try:
        return member_name(candidate.manifest), candidate.manifest.compression
    except DatasetError:
        return "", ""


@CHECKS.numbered("P13", _REBUILD)
def check_methods(candidate: Candidate) -> Iterator[str]:
    """Members are stored or deflated."""
    return find_foreign_methods(candidate.archive)


@CHECKS.numbered("P14", COMPRESS)
def check_ratio(candidate: Candidate) -> Iterator[str]:
    """It does not look like a decompression bomb."""
    size = candidate.wheel.stat().st_size
    members = candidate.archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if unpacked > BOMB_SIZE and unpacked > BOMB_RATIO * size:
        text = f"it unpacks to {unpacked:,} bytes, more than {BOMB_RATIO} times its own size"
        largest = max(members, key=lambda member: member.file_size).filename
        is_data = (largest, "none") == _find_data(candidate)
        yield text if is_data else Complaint(text, f"Leave {largest} out of the wheel.")


@CHECKS.numbered("P15", _REBUILD)
def check_archive(candidate: Candidate) -> Iterator[str]:
    """The zip file holds its members and nothing else."""
    return find_oddities(candidate.archive)


@CHECKS.numbered("P16", _REBUILD)
def check_names(candidate: Candidate) -> Iterator[str]:
    """Every member's name is plain and unique."""
    return find_bad_names(candidate.archive)


@CHECKS.numbered("P17", _REBUILD)
def check_record(candidate: Candidate) -> Iterator[str]:
    """Every file matches RECORD."""
    candidate.read("RECORD")
    yield from compare_archive(str(candidate.wheel), read_record(candidate.distribution))


@CHECKS.numbered(
    "P18", 'Correct [project.entry-points."microcosm.sqlite"], and build the wheel again.'
)
def check_entry_points(candidate: Candidate) -> Iterator[str]:
    """Its entry points can be read, and name the dataset."""
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(candidate.read("entry_points.txt").decode())
    except (UnicodeDecodeError, ConfigError) as error:
        yield f"entry_points.txt cannot be read: {' '.join(str(error).split())}"
        return
    for group in parser.sections():
        for name, reference in parser.items(group):
            if not (_ENTRY_NAME.fullmatch(name) and _REFERENCE.fullmatch(reference)):
                yield f"[{group}] has {name} = {reference}, which is not `name = module:function`"
    if not parser.has_option(GROUP, candidate.manifest.name):
        yield f"[{GROUP}] does not name {candidate.manifest.name}"


@CHECKS.numbered("P19", _REBUILD)
def check_agreement(candidate: Candidate) -> Iterator[str]:
    """Manifest and METADATA say the same."""
    manifest, metadata = candidate.manifest, candidate.metadata
    if manifest.version != metadata.get("version"):
        yield f"the version is {manifest.version} in one and {metadata.get('version')} in the other"
    expression = metadata.get("license_expression") or ""
    declared = set(re.findall(r"[\w.+-]+", expression))
    for license_ in manifest.licenses:
        name = str(license_.get("name", ""))
        if not set(re.findall(r"[\w.+-]+", name)) <= declared:
            text = f"the data are under {name}, and METADATA says {expression or 'nothing'}"
            yield Complaint(
                text, f"Name {name} in `license` of [project] too, and build the wheel again."
            )


@CHECKS.numbered("P20", _REBUILD)
def check_database(candidate: Candidate) -> Iterator[str]:
    """The dataset in the wheel passes verification."""
    if any(file.find_damage() for file in candidate.shards):
        raise Unchecked("its shards are not what it needs, as P30 tells")
    for found in verify_wheel(candidate.wheel).findings:
        if found.code != "V01":  # told above, as P17
            yield f"{found.code}: {found.message}"


@CHECKS.numbered("P21", _REBUILD)
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
                # tarfile's type says less than its objects can do.
                content: Any = packed.extractfile(member) if member else None
                if content is None:
                    yield f"{archive.name} has no {name}"
                elif file_digest(content, "sha256").hexdigest() != digest(file):
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
        file
        for files in found.values()
        for source in files
        if isinstance(source, SourceFile) and source.path.is_relative_to(settings.root)
        for file in source.files
    ]
    code = sorted(settings.package_directory.rglob("*.py"))
    told = [settings.root / "pyproject.toml"]
    told += [settings.root / CHANGELOG] if settings.changes else []
    return list(dict.fromkeys([*sources, *code, *told]))


@CHECKS.numbered(
    "P23", "Name them, with the versions that fit, in `dependencies` of [project].", is_advice=True
)
def check_requirements(candidate: Candidate) -> Iterator[str]:
    """Distributions that its foreign keys refer to are installed with it."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    named = set()
    for text in candidate.metadata.get("requires_dist") or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # told as P10
        if not (requirement.marker and "extra" in str(requirement.marker)):
            named.add(canonicalize_name(requirement.name))
    for name, required in candidate.manifest.requires.items():
        if canonicalize_name(required.distribution) not in named:
            owner = required.distribution or "a file that was registered"
            yield f"it refers to dataset {name!r} of {owner}, which METADATA does not require"


NEWEST_FOR_ALL = 4
"""The newest METADATA that Twine 6 takes has version 2.4."""

LONGEST_SUMMARY, LONGEST_LABEL = 512, 32
"""Characters of the description in [project], and of what a URL in [project.urls] is called."""


@CHECKS.numbered("P24", "Correct it in [project], and build the wheel again.")
def check_index_rules(candidate: Candidate) -> Iterator[str]:
    """The index accepts its version, summary, addresses and classifiers."""
    metadata = candidate.metadata
    if "+" in metadata.get("version", ""):
        yield f"version {metadata['version']} is a local one"
    size = len(metadata.get("summary") or "")
    if size > LONGEST_SUMMARY:
        yield f"the description has {size} characters, more than {LONGEST_SUMMARY}"
    for field in ("author_email", "maintainer_email"):
        _, address = parseaddr(str(metadata.get(field) or ""))
        name, _, host = address.partition("@")
        if address and not (name and "." in host.strip(".")):
            yield f"{address!r} is not an e-mail address"
    for label, url in (metadata.get("project_urls") or {}).items():
        if len(label) > LONGEST_LABEL:
            yield f"[project.urls] has {label!r}, of more than {LONGEST_LABEL} characters"
        elif not urlsplit(url).scheme:
            yield f"{url!r} is not a URL"
    yield from _check_classifiers(metadata.get("classifiers") or [])


@CHECKS.numbered(
    "P25",
    'Set core-metadata-version = "2.4" under [tool.hatch.build.targets.wheel] and '
    "[tool.hatch.build.targets.sdist], and leave out `import-names`; or upload with Twine 7 or uv.",
    is_advice=True,
)
def check_uploaders(candidate: Candidate) -> Iterator[str]:
    """All common upload tools accept its version of METADATA."""
    version = candidate.metadata.get("metadata_version") or ""
    minor = re.fullmatch(r"2\.(\d+)", version)
    if minor and int(minor[1]) > NEWEST_FOR_ALL:
        yield f"METADATA has version {version}, which Twine 6 does not upload"


@CHECKS.numbered("P30", f"Build them again: {BUILD_WHEELS}")
def check_shards(candidate: Candidate) -> Iterator[str]:
    """Its shards and columnar twins are beside it, to be published first."""
    parts = [*candidate.shards, *candidate.twins]
    if not parts:
        raise Unchecked("its database is one file")
    yield from filter(None, (file.find_damage() for file in parts))


def _check_classifiers(classifiers: list[str]) -> Iterator[str]:
    try:
        from trove_classifiers import all_classifiers, deprecated_classifiers
    except ImportError:  # which hatchling brings, and refuses by itself what is not in there
        return
    for classifier in classifiers:
        if classifier in deprecated_classifiers:
            instead = " or ".join(deprecated_classifiers[classifier]) or "nothing"
            yield f"classifier {classifier!r} is deprecated; use {instead}"
        elif classifier not in all_classifiers and not classifier.startswith("Private ::"):
            yield f"{classifier!r} is not a classifier"
