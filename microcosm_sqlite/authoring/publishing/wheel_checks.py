"""Checks P10 to P24: a wheel is complete and up to date, and an index would take it."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from microcosm_sqlite.authoring.finishing.describe import digest_inputs
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.candidate import (
    Candidate,
    find_bad_names,
    find_foreign_methods,
    find_oddities,
)
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.catalog.discovery import GROUP
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Unchecked
from microcosm_sqlite.catalog.verifying.record import compare_archive, read_record
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import BuildError

CHECKS = Checklist()

FILE_LIMIT = 100 << 20
"""Bytes of a file that the index takes, unless a project was granted more."""

ADVISED_LIMIT = 90_000_000
BOMB_SIZE, BOMB_RATIO = 64 << 20, 50
"""Bytes, and times its own size, beyond both of which an archive may not unpack."""

_REFERENCE = re.compile(r"[\w.]+(:[\w.]+)?(\s*\[.*\])?")
_ENTRY_NAME = re.compile(r"[\w.-]+")
_REBUILD = "Build the wheel again: pip wheel --no-deps --wheel-dir dist ."


@CHECKS.numbered("P10", _REBUILD)
def check_metadata(candidate: Candidate) -> Iterator[str]:
    """METADATA is valid, and of the wheel's name and version."""
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


@CHECKS.numbered("P11", 'Set compression = "zstd", split the dataset, or ask the index for more.')
def check_size(candidate: Candidate) -> Iterator[str]:
    """The index takes a file of its size."""
    size = candidate.wheel.stat().st_size
    if size > FILE_LIMIT:
        yield f"it has {size:,} bytes; the index takes {FILE_LIMIT:,}"


@CHECKS.numbered("P12", 'Set compression = "zstd", or split the dataset.', is_advice=True)
def check_headroom(candidate: Candidate) -> Iterator[str]:
    """It has room to grow."""
    size = candidate.wheel.stat().st_size
    if ADVISED_LIMIT < size <= FILE_LIMIT:
        yield f"it has {size:,} bytes, and the index takes {FILE_LIMIT:,}"


@CHECKS.numbered("P13", _REBUILD)
def check_methods(candidate: Candidate) -> Iterator[str]:
    """Members are stored or deflated."""
    return find_foreign_methods(candidate.archive)


@CHECKS.numbered("P14", 'Set compression = "zstd".')
def check_ratio(candidate: Candidate) -> Iterator[str]:
    """It does not look like a decompression bomb."""
    size = candidate.wheel.stat().st_size
    unpacked = sum(member.file_size for member in candidate.archive.infolist())
    if unpacked > BOMB_SIZE and unpacked > BOMB_RATIO * size:
        yield f"it unpacks to {unpacked:,} bytes, more than {BOMB_RATIO} times its own size"


@CHECKS.numbered("P15", _REBUILD)
def check_archive(candidate: Candidate) -> Iterator[str]:
    """The zip file holds its members and nothing else."""
    return find_oddities(candidate.archive)


@CHECKS.numbered("P16", _REBUILD)
def check_names(candidate: Candidate) -> Iterator[str]:
    """Every name in it is plain and unique."""
    return find_bad_names(candidate.archive)


@CHECKS.numbered("P17", _REBUILD)
def check_record(candidate: Candidate) -> Iterator[str]:
    """RECORD lists every file as it is."""
    candidate.read("RECORD")
    yield from compare_archive(str(candidate.wheel), read_record(candidate.distribution))


@CHECKS.numbered("P18", 'Fix [project.entry-points."microcosm.sqlite"], and build the wheel again.')
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
            yield f"the data are under {name}, and METADATA says {expression or 'nothing'}"


@CHECKS.numbered("P20", _REBUILD)
def check_database(candidate: Candidate) -> Iterator[str]:
    """What it carries passes verification."""
    for found in verify_wheel(candidate.wheel).findings:
        if found.code != "V01":  # told above, as P17
            yield f"{found.code}: {found.message}"


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


@CHECKS.numbered(
    "P23", "Name them, with the versions that fit, in `dependencies` of [project].", is_advice=True
)
def check_requirements(candidate: Candidate) -> Iterator[str]:
    """The distributions that its foreign keys lead into are installed along with it."""
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


LONGEST_SUMMARY, LONGEST_LABEL = 512, 32
"""Characters of the description in [project], and of what a URL in [project.urls] is called."""


@CHECKS.numbered("P24", "Fix [project], and build the wheel again.")
def check_index_rules(candidate: Candidate) -> Iterator[str]:
    """The index takes its version, summary, addresses and classifiers."""
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
