"""Compare the files of a distribution with its RECORD, which installers write and do not check."""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.catalog.codecs import archive_errors
from microcosm_sqlite.catalog.distributions import folder_reader
from microcosm_sqlite.catalog.hashing import ALGORITHMS, hash_stream
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.errors import BrokenDistributionError, DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipFile

    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.manifest import Manifest


def read_record(distribution: Distribution) -> dict[str, str]:
    """Path to ``algorithm=digest``, empty where none is given; no lines if there is no RECORD.

    Raises:
        BrokenDistributionError: It cannot be read.
    """
    try:
        return _parse(distribution.read("RECORD") or b"")
    except ValueError as error:
        raise BrokenDistributionError(
            f"{distribution.metadata}/RECORD cannot be read: {error}."
        ) from error


def _parse(content: bytes) -> dict[str, str]:
    import csv

    try:
        lines = list(csv.reader(content.decode().splitlines(), strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return {line[0]: line[1] if len(line) > 1 else "" for line in lines if line}


def _find_rivals(distribution: Distribution, folder: str) -> Iterator[str]:
    """A complaint for each file of a package that another distribution of the site has otherwise.

    Installers write over what is there without a word. Editions of a dataset have the same models.
    """
    listed = read_record(distribution)
    # What Python compiled goes with its source.
    own = {os.path.normpath(name): name for name in listed if not name.endswith(".pyc")}
    for metadata in sorted(os.listdir(distribution.site)):
        path = os.path.join(distribution.site, metadata)
        if metadata.endswith(".dist-info") and path != distribution.metadata:
            others = _list_files(path, folder)
            for name in sorted(own.keys() & others.keys()):
                is_same = others[name] and others[name] == listed[own[name]]
                if name.startswith(folder) and not is_same:
                    yield f"{name} is listed by {metadata.removesuffix('.dist-info')} as well"


def _list_files(metadata: str, folder: str) -> dict[str, str]:
    """The files that a RECORD lists, and their hashes; none if it names no such folder."""
    try:
        content = folder_reader(metadata)("RECORD") or b""
        package = os.path.basename(os.path.dirname(folder))
        found = _parse(content) if package.encode() in content else {}
    except (OSError, ValueError):
        return {}
    return {os.path.normpath(name): digest for name, digest in found.items()}


def compare_installed(
    distribution: Distribution,
    record: dict[str, str],
    manifest: Manifest | None,
    hasher: Callable[[str, str], tuple[bytes, int]],
) -> Iterator[str]:
    """A complaint for each file that is missing, different, elsewhere or another's.

    Args:
        distribution: The distribution.
        record: What its RECORD lists.
        manifest: Its manifest, if it has one.
        hasher: :func:`~microcosm_sqlite.catalog.hashing.hash_file`, or a memory of what it said.
    """
    if getattr(sys, "frozen", False):
        # PyInstaller puts code into an archive of the application, and data beside it.
        record = {name: digest for name, digest in record.items() if not name.endswith(".py")}
    if manifest and not manifest.shards and member_name(manifest) not in record:
        yield f"{member_name(manifest)} is not listed"
    yield from _compare_files(distribution.site, record, hasher)
    if manifest and manifest.package:
        yield from _find_rivals(distribution, os.path.join(*manifest.package.split("."), ""))


def _compare_files(
    site: str, record: dict[str, str], hasher: Callable[[str, str], tuple[bytes, int]]
) -> Iterator[str]:
    # Files elsewhere are not read.
    top = os.path.join(_find_environment(site), "")
    for name, expected in record.items():
        path = os.path.normpath(os.path.join(site, name))
        if not path.startswith(top):
            yield f"{name} leads out of this environment"
        elif expected:
            algorithm, _, _ = expected.partition("=")
            try:
                yield from _compare(name, expected, hasher(path, algorithm)[0])
            except DatasetError as error:
                yield error.message


def _find_environment(site: str) -> str:
    """The folder that installers put a distribution's files in, such as its scripts, or the site.

    Of ``PREFIX/lib/python3.11/site-packages`` and of ``PREFIX/Lib/site-packages`` it is the prefix.
    """
    site = os.path.abspath(site)
    parent, name = os.path.split(site)
    if name not in ("site-packages", "dist-packages"):
        return site
    if os.path.basename(parent).startswith(("python", "pypy")):
        parent = os.path.dirname(parent)
    prefix, library = os.path.split(parent)
    is_root = prefix == os.path.dirname(prefix)
    return prefix if library.lower() in ("lib", "lib64") and not is_root else site


def compare_archive(archive: str, record: dict[str, str]) -> Iterator[str]:
    """The same for a wheel, in which RECORD must list everything, once.

    A zipapp holds other distributions as well: there it must list what is in the same folders.
    """
    from collections import Counter
    from zipfile import ZipFile

    with ZipFile(archive) as opened:
        counts = Counter(name for name in opened.namelist() if not name.endswith("/"))
        for name in sorted(name for name, count in counts.items() if count > 1):
            yield f"{name} is in the archive more than once"
        is_wheel = archive.endswith(".whl")
        own = {name.partition("/")[0] for name in record}
        for name in sorted(counts.keys() - record.keys()):
            if is_wheel or name.partition("/")[0] in own:
                yield f"{name} is not listed"
        for name, expected in record.items():
            if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
                yield f"{name} leads out of the wheel"
            elif name not in counts:
                yield f"{name} is missing"
            elif expected:
                yield from _compare_member(opened, name, expected)


def _compare_member(archive: ZipFile, name: str, expected: str) -> Iterator[str]:
    algorithm, _, _ = expected.partition("=")
    try:
        with archive.open(name) as stream:
            digest, _ = hash_stream(stream, algorithm)
    except archive_errors() as error:
        yield f"{name} cannot be read: {error}"
    else:
        yield from _compare(name, expected, digest)


def _compare(name: str, expected: str, digest: bytes) -> Iterator[str]:
    from base64 import urlsafe_b64encode

    algorithm, _, text = expected.partition("=")
    if algorithm not in ALGORITHMS:
        yield f"{name} is listed with {algorithm!r}, which proves nothing"
    elif text.rstrip("=") != urlsafe_b64encode(digest).rstrip(b"=").decode():
        yield f"{name} is not what was published"
