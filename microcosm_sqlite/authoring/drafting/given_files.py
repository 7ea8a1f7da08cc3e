"""The files that an author names for a project: sources, folders, addresses, and a codebook."""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from microcosm_sqlite.authoring.drafting.codebook import PACKAGE_FILE, Codebook, read_codebook
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads, digest_source, is_url
from microcosm_sqlite.authoring.drafting.fetching import fetch_all
from microcosm_sqlite.authoring.drafting.source_files import is_readable, list_files
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.companions import lead_to
from microcosm_sqlite.authoring.sources.contents import list_contents
from microcosm_sqlite.authoring.sources.databases import is_database
from microcosm_sqlite.authoring.sources.formats import WORKBOOK, name_table, split_name
from microcosm_sqlite.errors import SettingsError, SourceError

Named = Sequence[str | os.PathLike[str]]


@dataclass
class GivenFiles:
    """Files that were named, all of them at hand.

    Attributes:
        files: The sources.
        codebook: What their columns mean.
        downloads: Those of them that were fetched, and those of archives that were.
        unchanged: The addresses of files that are as they were when they were fetched.
    """

    files: list[Path]
    codebook: Codebook
    downloads: dict[Path, Download] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)


def take_files(
    named: Named,
    codebook: str | os.PathLike[str] | None,
    downloads: Downloads | None,
    folder: Path,
    settings: ProjectSettings | None = None,
    whole: Collection[str] = (),
) -> GivenFiles:
    """Return the files that are named, fetched where they are addresses.

    Args:
        named: Files, folders, archives and addresses of files.
        codebook: A codebook, if it is said which; else it may be among the files.
        downloads: What was fetched already; None for nothing.
        folder: Where to fetch to, and to unpack archives.
        settings: The project that may have the same files already.
        whole: Names of archives that are not unpacked.

    Raises:
        SourceError: A file cannot be fetched, or an archive or the codebook not be read.
    """
    addresses = [str(each) for each in named if is_url(each)]
    if downloads is None:
        known = find_facts(settings, addresses) if settings else {}
        downloads = fetch_all(addresses, folder, known)
    urls = {urldefrag(each).url for each in addresses}
    downloads = {each: found for each, found in downloads.items() if urldefrag(each).url in urls}
    fetched = {each.path.resolve(): each for each in downloads.values() if each}
    unchanged = [address for address, each in downloads.items() if each is None]
    listed = [*list_files((each for each in named if not is_url(each)), folder, whole)]
    for path, download in [*fetched.items()]:
        inner = [*list_files([path], folder, whole)]
        if inner and inner[0].parent != path.parent:
            fetched |= download.list_members(inner[0].parent)
        listed += inner
    found = [Path(codebook).resolve()] if codebook is not None else []
    found += [file for file in listed if file.name == PACKAGE_FILE]
    codes = read_codebook(found[0]) if found else Codebook({})
    return GivenFiles([file for file in listed if file not in found], codes, fetched, unchanged)


def list_addresses(settings: ProjectSettings) -> list[str]:
    """The addresses that new editions come from: of `upstream`, and of origins that are files."""
    found = [address for address in settings.upstream.values() if is_url(address)]
    origins = (origin.url for origin in settings.origins if is_url(origin.url))
    found += (url for url in origins if is_readable(Path(urlsplit(url).path)))
    return list(dict.fromkeys(found))


def find_facts(settings: ProjectSettings, addresses: Iterable[str]) -> dict[str, dict[str, str]]:
    """The known facts about downloaded files, if the project has them as they were fetched.

    Of an archive that was unpacked, it has all members.
    """
    fetched = {
        address: [
            settings.fetched.get(table, {})
            for table, url in settings.upstream.items()
            if url == urldefrag(address).url
        ]
        for address in addresses
    }
    if not any(map(any, fetched.values())) or not isinstance(settings.sources, str):
        return {}
    there = {digest_source(path) for path in (settings.root / settings.sources).glob("*")}
    return {
        address: {**known[0]}
        for address, known in fetched.items()
        if known
        and all((facts.get("member") or facts.get("sha256")) in there for facts in known)
        and len({facts["sha256"] for facts in known}) == 1
    }


def choose_named(
    root: Path, named: Named, codebook: str | os.PathLike[str] | None
) -> list[str | os.PathLike[str]]:
    """Return what is named, or else the addresses that the settings of a project have.

    Raises:
        SettingsError: Nothing is named, and there are none.
    """
    chosen = [*named] or (
        [] if codebook else [*list_addresses(ProjectSettings.from_pyproject(root))]
    )
    if not (chosen or codebook):
        raise SettingsError(
            "The settings name no address of a file, so there is nothing to fetch.",
            hint="Name files or an address. What is fetched by its address is remembered.",
        )
    return chosen


def gather(
    files: Iterable[Path], folder: Path, taken: Collection[str], exclude: Collection[str] = ()
) -> dict[str, Path]:
    """Lead to all files from one folder; each by its name.

    Args:
        files: Files, and folders of files.
        folder: Where to, which is made.
        taken: The tables that there are.
        exclude: Tables to leave out.

    Raises:
        SettingsError: A table of that name is there, or two are called alike.
    """
    gathered: dict[str, Path] = {}
    folder.mkdir()
    for path in files:
        if _makes_one(path) and name_table(path) not in exclude:
            refuse_taken(path.name, name_table(path), taken)
        if path.name in gathered:
            raise SettingsError(
                f"Two files are called {path.name}; nothing was changed.",
                hint="Rename one of them, as its table is called after it.",
            )
        gathered[path.name] = path
        lead_to(path, folder / path.name)
    return gathered


def _makes_one(path: Path) -> bool:
    """Whether a file makes one table, called as the file; those of several sheets have names."""
    if not path.is_file() or is_database(path):
        return False
    if split_name(path)[1] == WORKBOOK:
        with suppress(SourceError):  # told when it is read, with what it is
            return len([*list_contents(path, path.name, name_table(path))]) == 1
    return True


def refuse_taken(file: str, table: str, taken: Collection[str]) -> None:
    """Refuse a table that is there already, given the file that makes it.

    Raises:
        SettingsError: It is.
    """
    lower = {name.lower(): name for name in taken}
    if table.lower() in lower:
        raise SettingsError(
            f"{file} would make table `{table}`, but the project has "
            f"`{lower[table.lower()]}`; nothing was changed.",
            hint="If it is a new edition of that table, use `microcosm-sqlite refresh`; else "
            f"give it another name there, or leave it out: --exclude {shlex.quote(table)}",
        )
