"""The files of a folder, of those in it and of archives, that tables are made of.

Files of a folder within the folder that have the same fields, and names which differ only in their
digits, are parts of one table, as a build takes them. Each other one is a table by itself, and has
the name of its folder in front of its own: `2020/sales.csv` is `2020_sales`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple, NoReturn

from microcosm_sqlite.authoring.drafting.from_files.file_kind import describe_unread
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff, sniff_tables
from microcosm_sqlite.authoring.sources.archives import is_archive, unpack
from microcosm_sqlite.authoring.sources.companions import is_companion, lead_to
from microcosm_sqlite.authoring.sources.databases import (
    DATABASE_SUFFIXES,
    find_owner,
    is_database,
)
from microcosm_sqlite.authoring.sources.finding import refuse_pointer
from microcosm_sqlite.authoring.sources.formats import DATABASE, WORKBOOK, name_table, split_name
from microcosm_sqlite.authoring.sources.impostors import advise_impostor
from microcosm_sqlite.authoring.sources.json_lines import is_other_json
from microcosm_sqlite.errors import SourceError

HIDDEN, EXCLUDED = "hidden", "excluded"
"""Reasons to leave a file out that are as its author wants it."""
_OF_PROGRAMS = ("__pycache__", "node_modules")
_ABSENT = ", which is not there"


class FoundFile(NamedTuple):
    """A file, or a folder whose files are parts of one table.

    Attributes:
        path: Where it is, under the name that its table is made of.
        origin: Where it was found in the folder, if not under that name.
        joined: The parts together.
        note: What its author may have meant with its folder, as a sentence.
    """

    path: Path
    origin: str = ""
    joined: RawFile | TypedFile | None = None
    note: str = ""

    def sniff(
        self, accept: Accept, left_out: dict[str, str]
    ) -> Iterator[tuple[str, RawFile | TypedFile]]:
        """Find out what its tables are, each with its name; as for `sniff_tables`."""
        if self.joined:
            yield name_table(self.path), self.joined
            return
        for name, raw in sniff_tables(self.path, accept, left_out):
            notes = tuple(filter(None, (self.note, *raw.notes)))
            yield name, replace(raw, origin=self.origin, notes=notes)


@dataclass
class SourceTree:
    """A folder of sources, and what is learnt of it as its files are listed.

    Attributes:
        left_out: Is told which files are not read, and why.
        refused: Is told of those that cannot be.
        exclude: Tables to leave out, by the names that their files give them.
        scratch: Where archives are unpacked, and files of folders are led to; None to leave both
            out.
        within: The folders that this one is in.
        in_archive: Whether the folder was unpacked from an archive whose databases are read.
    """

    left_out: dict[str, str]
    refused: list[SourceError]
    exclude: Collection[str] = ()
    scratch: Path | None = None
    within: tuple[Path, ...] = ()
    in_archive: bool = False

    def list_files(self, folder: Path, skip: Collection[Path] = ()) -> Iterator[FoundFile]:
        """The files of a folder that are to be read, but for databases, sorted.

        Archives stand for their members, and folders for their files.

        Args:
            folder: The folder.
            skip: Files that are no sources.

        Raises:
            SourceError: It is no folder.
        """
        if not folder.is_dir():
            raise SourceError(f"{folder} is not a folder.", file=str(folder))
        skipped = {path.resolve() for path in skip}
        for path in sorted(path for path in folder.iterdir() if path.resolve() not in skipped):
            if path.name.startswith("."):
                self.left_out[path.name] = HIDDEN
            elif path.is_dir():
                yield from self._list_folder(path)
            elif not path.is_file():
                self.left_out[path.name] = "no file, or a link to none"
            elif not (is_database(path) or is_companion(path)):
                yield from self._judge(path)

    def _judge(self, path: Path) -> Iterator[FoundFile]:
        source_format = split_name(path)[1]
        if source_format and name_table(path) in self.exclude:
            self.left_out[path.name] = EXCLUDED
        elif owner := find_owner(path):
            if not owner.exists():
                self.left_out[path.name] = f"a log of {owner.name}{_ABSENT}"
        elif source_format == DATABASE:
            try:
                refuse_pointer(path, path.name)
                self.left_out[path.name] = f"not a SQLite database. {advise_impostor(path)}"
            except SourceError as error:
                self.refused.append(error)
        elif not source_format and is_archive(path) and self.scratch:
            yield from self._list_members(path, self.scratch)
        elif not source_format or is_other_json(path):
            self.left_out[path.name] = describe_unread(path)
        else:
            yield FoundFile(path)

    def _list_members(self, path: Path, scratch: Path) -> Iterator[FoundFile]:
        """The files of an archive that are to be read."""
        place = _make_folder(scratch) / path.name
        try:
            refuse_pointer(path, path.name)
            unread = unpack(path, place)
        except SourceError as error:
            self.refused.append(error)
            return
        inner = replace(self, left_out=unread, in_archive=not self.within)
        files = [*inner.list_files(place)]
        inner._note_databases(place, "a database in an archive in a folder; move the archive up")
        self._take_over(unread, f"{path.name}#")
        if not files and not unread and not _has_databases(place):
            self.left_out[path.name] = "an archive without files"
        yield from files

    def _list_folder(self, folder: Path) -> Iterator[FoundFile]:
        """The files of a folder within the folder; they may be parts of one table."""
        if folder.name in _OF_PROGRAMS or (folder / "pyvenv.cfg").exists():
            self.left_out[folder.name] = "a folder of programs"
            return
        within = (*self.within, folder.resolve().parent)
        if not self.scratch or any(each.is_relative_to(folder.resolve()) for each in within):
            self.left_out[folder.name] = "a folder; draft a project of it, or move its files up"
            return
        inner = replace(self, left_out={}, exclude=(), within=(*within, folder.parent.resolve()))
        files = [*inner.list_files(folder)]
        inner._note_databases(folder, "a database in a folder; move it up")
        self._take_over(inner.left_out, f"{folder.name}/")
        if not files and not inner.left_out and not _has_databases(folder):
            self.left_out[folder.name] = "a folder without files"
        joined, note = join_parts(folder, [each.path for each in files])
        if joined:
            files = [FoundFile(folder, f"{folder.name}/", joined)]
        place = _make_folder(self.scratch)
        for found in files:
            name = folder.name if joined else f"{folder.name}_{found.path.name}"
            if name_table(Path(name)) in self.exclude:
                self.left_out[name] = EXCLUDED
            elif joined:
                yield found
            else:
                lead_to(found.path, place / name)
                origin = f"{folder.name}/{found.origin or found.path.name}"
                whole = _rename(found.joined, place / name, origin)
                yield FoundFile(place / name, origin, whole, note or found.note)
                note = ""

    def _note_databases(self, folder: Path, reason: str) -> None:
        """Tell of the databases in a folder that are not read."""
        for file in folder.iterdir():
            is_called = file.suffix.lower() in DATABASE_SUFFIXES
            if is_database(file) and not (self.in_archive and is_called):
                advice = f"a database that is not called as one; call it {file.stem}.db"
                self.left_out[file.name] = advice if self.in_archive else reason

    def _take_over(self, left_out: Mapping[str, str], place: str) -> None:
        self.left_out |= {f"{place}{name}": reason for name, reason in left_out.items()}


def _has_databases(folder: Path) -> bool:
    return any(map(is_database, folder.rglob("*")))


def _make_folder(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    return Path(mkdtemp(dir=scratch))


def _rename(
    joined: RawFile | TypedFile | None, place: Path, origin: str
) -> RawFile | TypedFile | None:
    return replace(joined, path=place, origin=origin) if joined else None


def join_parts(folder: Path, files: Sequence[Path]) -> tuple[RawFile | TypedFile | None, str]:
    """The files of a folder together, if they are parts of one table.

    Args:
        folder: The folder.
        files: Those of its files that are read.

    Returns:
        The parts together, or None where each file is a table by itself; and what speaks against
        the former, where they have the same fields.
    """
    formats = {split_name(file)[1] for file in files}
    if len(files) < 2 or len(formats) > 1 or not formats.isdisjoint({"", WORKBOOK, DATABASE}):
        return None, ""
    try:
        sniffed = [sniff(file) for file in files]
    except SourceError:
        return None, ""  # told where the file is read by itself
    parts = [each for each in sniffed if each]
    if len(parts) < len(files) or len({each.header for each in parts}) > 1:
        return None, ""
    told = f"the files of {folder.name}/ have the same fields, but"
    if len({_DIGITS.sub("", file.name) for file in files}) > 1:
        told = f"{told} are not numbered parts, so each is a table"
        return None, f"{told}; number their names if they are parts of one table"
    if any(each.proposals for each in parts) or len({*map(_find_options, parts)}) > 1:
        return None, f"{told} are not written alike, so each is a table"
    joined = replace(
        parts[0],
        path=folder,
        origin=f"{folder.name}/",
        parts=tuple(files),
        notes=(
            f"its {len(files)} files, {files[0].name} to {files[-1].name}, are parts of one table",
            *_join_notes(parts),
        ),
    )
    if isinstance(joined, TypedFile):
        lacking = [each.missing for each in parts if isinstance(each, TypedFile)]
        joined = replace(joined, missing=tuple(map(sum, zip(*lacking, strict=False))))
    return joined, ""


_DIGITS = re.compile(r"\d+")


def _find_options(part: RawFile | TypedFile) -> object:
    return part.options if isinstance(part, RawFile) else None


def _join_notes(parts: Sequence[RawFile | TypedFile]) -> Iterator[str]:
    """Each note once, with the files that it is about, if not about all."""
    notes: dict[str, list[str]] = {}
    for part in parts:
        for note in part.notes:
            notes.setdefault(note, []).append(part.path.name)
    for note, names in notes.items():
        is_of_all = len(names) == len(parts)
        yield note if is_of_all else f"{note} ({names[0]}{' and others' * (len(names) > 1)})"


def refuse_nothing(
    folder: Path, left_out: Mapping[str, str], refused: Sequence[SourceError]
) -> NoReturn:
    """Refuse a folder that no table can be made of.

    Raises:
        SourceError: Has what is wrong with each file.
    """
    if len(refused) == 1 and not left_out:
        raise refused[0]
    reasons = [f"{name}: {reason}" for name, reason in left_out.items()]
    reasons += map(str, refused)
    raise SourceError(
        "\n".join([f"{folder} holds no file that tables can be made of.", *reasons]),
        file=str(folder),
        hint="" if reasons else "Put a file for each table there, such as flights.csv.",
    )
