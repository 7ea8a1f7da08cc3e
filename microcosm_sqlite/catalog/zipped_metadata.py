"""Read the metadata of distributions that are imported from inside a zip file.

It is a module of its own because only those who have such a file pay for importing zipfile.
"""

from __future__ import annotations

import zipfile

from microcosm_sqlite.catalog.codecs import archive_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.distributions import Reader

MAX_METADATA = 64 << 20
"""Bytes that a metadata file in an archive may claim to uncompress to."""


def zipped_folders(site: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Reader]]:
    """The metadata folders at the top of a zip file, none if it is no zip file."""
    try:
        with zipfile.ZipFile(site) as archive:
            names = archive.namelist()
    except archive_errors():
        return
    for folder in dict.fromkeys(name.partition("/")[0] for name in names):
        if folder.endswith(suffixes):
            yield folder, _zip_reader(site, folder)


def _zip_reader(site: str, folder: str) -> Reader:
    def read(file: str) -> bytes | None:
        try:
            with zipfile.ZipFile(site) as archive:
                member = archive.getinfo(f"{folder}/{file}")
                if member.file_size > MAX_METADATA:
                    raise OSError(f"{member.file_size:,} bytes are too many for metadata")
                return archive.read(member)
        except KeyError:
            return None
        except archive_errors() as error:
            raise OSError(str(error)) from error

    return read
