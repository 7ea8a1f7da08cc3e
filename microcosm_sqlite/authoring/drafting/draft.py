"""A dataset project drafted from a folder of files: ``microcosm-sqlite new DIR --from FOLDER``.

What was drafted is imported, created in memory and compared with its sources before it is there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from microcosm_sqlite.authoring.drafting.codebook import load_codebook
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads, is_url
from microcosm_sqlite.authoring.drafting.draft_check import check_draft
from microcosm_sqlite.authoring.drafting.fetching import fetch_all
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, read_databases
from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_tables
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import Inference
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.authoring.drafting.from_files.source_tree import EXCLUDED, SourceTree
from microcosm_sqlite.authoring.drafting.project_context import (
    describe_draft,
    list_source_files,
    name_source,
)
from microcosm_sqlite.authoring.drafting.report import (
    Draft,
    list_decisions,
    report_databases,
    report_files,
)
from microcosm_sqlite.authoring.drafting.scaffold import complete_answers, write_project
from microcosm_sqlite.authoring.drafting.source_files import is_folder_of_files, open_folder
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, Repair, write_repairs
from microcosm_sqlite.authoring.sources.formats import name_table
from microcosm_sqlite.common.project_revision import Revision
from microcosm_sqlite.common.wording import spell_on_one_line, suggest
from microcosm_sqlite.common.workspace import open_scratch
from microcosm_sqlite.errors import SettingsError, SourceError

REPORT_FILE = "draft-report.txt"
"""Where the report stays in the project."""


def keep_report(
    revision: Revision, root: Path, decisions: Iterable[str], report: Iterable[str]
) -> Draft:
    """Write a report into the copy of a project, below those that are there."""
    draft = Draft(root, *(tuple(map(spell_on_one_line, lines)) for lines in (report, decisions)))
    file = revision.path / REPORT_FILE
    before = f"{file.read_text('utf-8')}\n" if file.exists() else ""
    revision.rewrite(file, before + draft.spell())
    return draft


def draft_project(
    directory: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    null_values: Collection[str] = (),
    accept: Accept = accept_none,
    exclude: Collection[str] = (),
    codebook: str | os.PathLike[str] | None = None,
    dry_run: bool = False,
    again: bool = False,
    downloads: Downloads | None = None,
    **answers: str,
) -> Draft:
    """Write a project whose tables are those of a folder of files.

    They may be of any format that is read, such as CSV or Parquet: types, lengths, keys,
    references and enumerations are inferred from every row, and the files are copied as they are;
    what the build has to know of how they are written goes into its settings. Or they may be
    SQLite databases, whose schema is taken over and whose rows are copied by `VACUUM INTO`.

    Args:
        directory: Where to write; new or empty.
        folder: The files, one for each table, and databases; or one database or archive; or the
            address of a file, which is fetched.
        null_values: Texts that mean that there is no value, besides the empty field.
        accept: Asked for each file of text which of the repairs proposed are to be made. They go
            into `repairs.toml`; the files are copied as they are.
        exclude: Tables to leave out.
        codebook: What columns mean: a file as `read_codebook` takes it. A `datapackage.json` in
            the folder is one as well.
        dry_run: Whether to write nothing, for the report alone.
        again: Whether to draft a project again that nobody has edited.
        downloads: The file at that address, if it was fetched already.
        answers: Answers to the template's questions, as for `scaffold`.

    Raises:
        SourceError: There is no file that can be read; nothing was written.
        SettingsError: An answer cannot be used, no table is called as one to be left out, or the
            directory is not empty.
        MissingDependencyError: cookiecutter is not installed, or sqlacodegen for a database.
    """
    target, context = complete_answers(directory, answers, again=again)
    with open_scratch() as scratch:
        named, fetched = _fetch(folder, scratch, downloads)
        found = open_folder(named, scratch)
        if found != named:
            fetched |= {
                path: member
                for each in fetched.values()
                for path, member in each.list_members(found).items()
            }
        codes, skip = load_codebook(found, codebook)
        databases, refused = read_databases(found, scratch, exclude)
        inference = Inference(refused=refused)
        if found.is_dir():
            taken = [name for database in databases for name in database.names]
            inference = infer_folder(
                found,
                null_values,
                taken=taken,
                refused=refused,
                accept=accept,
                exclude=exclude,
                scratch=scratch / "archives",
                skip=skip,
                may_be_none=bool(taken),
            )
        refuse_unknown(exclude, inference, databases)
        declared = [table for each in databases for table in each.found.metadata.tables.values()]
        unknown = [*describe_tables(inference.tables, codes, declared)]
        tables = describe_draft(inference, databases, context, null_values, fetched)
        place = scratch / "draft" if dry_run else target
        with write_project(place, {**context, "_draft": tables}, again=again) as project:
            _replace_sources(project / "sources", inference, databases)
            _write_repairs(project, inference)
            check_draft(project, databases)
            report = [*report_databases(databases), *report_files(inference)]
            decisions = [*list_decisions(inference, databases), *unknown]
            draft = keep_report(Revision(project), target, decisions, report)
    return draft


def _fetch(
    folder: str | os.PathLike[str], scratch: Path, downloads: Downloads | None
) -> tuple[Path, dict[Path, Download]]:
    """Return the folder or archive, and what of it was fetched."""
    if not is_url(folder):
        return Path(folder), {}
    (scratch / "fetched").mkdir()
    downloads = downloads or fetch_all([str(folder)], scratch / "fetched")
    found = next(each for each in downloads.values() if each)
    place = found.path if is_folder_of_files(found.path) else found.path.parent
    return place, {found.path.resolve(): found}


def refuse_unknown(
    exclude: Collection[str], inference: Inference, databases: Iterable[DatabaseDraft]
) -> None:
    """Refuse to leave out what is not there.

    Raises:
        SettingsError: It is not, or is a sheet of a workbook that other tables are made of.
    """
    left_out = {
        name_table(Path(file)) for file, why in inference.left_out.items() if why == EXCLUDED
    }
    tables = [*inference.tables]
    for database in databases:
        tables += database.found.row_counts
        left_out |= {
            what.removeprefix("table ")
            for what, why in database.found.left_out.items()
            if why == EXCLUDED
        }
    for name in exclude:
        found = inference.tables.get(name)
        if name not in left_out and found and found.file.is_shared:
            raise SettingsError(
                f"Table `{name}` is a sheet of {found.file.path.name}, which is copied as a whole.",
                hint="Hide that sheet, or save the others as a workbook of their own.",
            )
        if name not in left_out:
            raise SettingsError(
                f"No table is called `{name}`, so it cannot be left out.",
                hint=suggest(name, tables, "There are"),
            )


def list_proposals(folder: str | os.PathLike[str], file: str | os.PathLike[str]) -> None:
    """Write the repairs that are proposed for the files of a folder, and write no project.

    Args:
        folder: The files; of a database there are none.
        file: Where to, as `repairs.toml` has them; each source is a file's name.
    """
    proposed: dict[str, tuple[Repair, ...]] = {}

    def note(name: str, repairs: Sequence[Repair]) -> tuple[()]:
        proposed[name] = tuple(repairs)
        return ()

    found = SourceTree({}, []).list_files(Path(folder)) if Path(folder).is_dir() else ()
    for each in found:
        with suppress(SourceError, MemoryError):  # which the draft tells
            sniff(each.path, note)
    Path(file).write_text(write_repairs(proposed), "utf-8", newline="\n")


def _replace_sources(
    sources: Path, inference: Inference, databases: Collection[DatabaseDraft]
) -> None:
    for example in sources.iterdir():
        example.unlink()
    for table in inference.tables.values():
        for name, path in list_source_files(table):
            (sources / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, sources / name)
    for database in databases:
        shutil.copyfile(database.snapshot, sources / database.snapshot.name)


def _write_repairs(project: Path, inference: Inference) -> None:
    repairs = {
        f"sources/{name_source(table)}": table.file.repairs
        for table in inference.tables.values()
        if table.file.repairs
    }
    if repairs:
        (project / REPAIRS_FILE).write_text(write_repairs(repairs), "utf-8", newline="\n")
