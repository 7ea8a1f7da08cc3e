"""Checks of a wheel: is it whole, and would an index take it? P10 to P20."""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError

from microcosm_sqlite.authoring.publishing import wheel_archive
from microcosm_sqlite.authoring.publishing.candidate import Candidate
from microcosm_sqlite.authoring.publishing.checklist import Checklist
from microcosm_sqlite.catalog.discovery import GROUP
from microcosm_sqlite.catalog.record import compare_archive, read_record
from microcosm_sqlite.catalog.verify import verify_wheel

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
    return wheel_archive.find_foreign_methods(candidate.archive)


@CHECKS.numbered("P14", 'Set compression = "zstd".')
def check_ratio(candidate: Candidate) -> Iterator[str]:
    """It does not look like an archive that is made to fill disks."""
    size = candidate.wheel.stat().st_size
    unpacked = sum(member.file_size for member in candidate.archive.infolist())
    if unpacked > BOMB_SIZE and unpacked > BOMB_RATIO * size:
        yield f"it unpacks to {unpacked:,} bytes, more than {BOMB_RATIO} times its own size"


@CHECKS.numbered("P15", _REBUILD)
def check_archive(candidate: Candidate) -> Iterator[str]:
    """The zip file holds its members and nothing else."""
    return wheel_archive.find_oddities(candidate.archive)


@CHECKS.numbered("P16", _REBUILD)
def check_names(candidate: Candidate) -> Iterator[str]:
    """Every name in it is plain, and there once."""
    return wheel_archive.find_bad_names(candidate.archive)


@CHECKS.numbered("P17", _REBUILD)
def check_record(candidate: Candidate) -> Iterator[str]:
    """RECORD lists every file as it is."""
    candidate.read("RECORD")
    yield from compare_archive(str(candidate.wheel), read_record(candidate.distribution))


@CHECKS.numbered(
    "P18", 'Mend [project.entry-points."microcosm.sqlite"], and build the wheel again.'
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
                yield f"[{group}] has {name} = {reference}, which is no `name = module:function`"
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
