"""A dataset project drafted from a folder of files: ``microcosm-sqlite new DIR --from FOLDER``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from microcosm_sqlite.authoring.drafting.draft_check import check_draft
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, read_databases
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import Inference
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.project_context import describe_draft, name_source
from microcosm_sqlite.authoring.drafting.report import report_databases, report_files
from microcosm_sqlite.authoring.drafting.scaffold import complete_answers, write_project
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, write_repairs
from microcosm_sqlite.common.wording import spell_on_one_line
from microcosm_sqlite.common.workspace import open_scratch


@dataclass(frozen=True)
class Draft:
    """A project that was drafted.

    Attributes:
        path: Where it is.
        report: What was inferred and how sure it is, as lines to show to the author.
    """

    path: Path
    report: tuple[str, ...]


def draft_project(
    directory: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    null_values: Collection[str] = (),
    accept: Accept = accept_none,
    **answers: str,
) -> Draft:
    """Write a project whose tables are those of a folder of files.

    They may be CSV, TSV, JSON Lines or Parquet, plain or compressed: types, lengths, keys,
    references and enumerations are inferred from every row, and the files are copied as they are;
    what the build has to know of how they are written goes into its settings. Or they may be
    SQLite databases, whose schema is taken over and whose rows are copied by `VACUUM INTO`.

    Args:
        directory: Where to write; new or empty.
        folder: The files, one for each table, and databases; or one database.
        null_values: Texts that mean that there is no value, besides the empty field.
        accept: Asked for each file of text which of the repairs proposed are to be made. They go
            into `repairs.toml`; the files are copied as they are.
        answers: Answers to the template's questions, as for `scaffold`.

    Raises:
        SourceError: There is no file that can be read; nothing was written.
        SettingsError: An answer cannot be used, or the directory is not empty.
        MissingDependencyError: cookiecutter is not installed, or sqlacodegen for a database.
    """
    target, context = complete_answers(directory, answers)
    with open_scratch() as scratch:
        found = Path(folder)
        databases, refused = read_databases(found, scratch)
        inference = Inference(refused=refused)
        if found.is_dir():
            taken = [name for database in databases for name in database.found.row_counts]
            inference = infer_folder(
                found, null_values, taken=taken, refused=refused, accept=accept
            )
        draft = describe_draft(inference, databases, context, null_values)
        with write_project(target, {**context, "_draft": draft}) as project:
            _replace_sources(project / "sources", inference, databases)
            _write_repairs(project, inference)
            check_draft(project, databases)
    report = [*report_databases(databases), *report_files(inference)]
    return Draft(target, tuple(map(spell_on_one_line, report)))


def _replace_sources(
    sources: Path, inference: Inference, databases: Collection[DatabaseDraft]
) -> None:
    for example in sources.iterdir():
        example.unlink()
    for table in inference.tables.values():
        shutil.copyfile(table.file.path, sources / name_source(table))
    for database in databases:
        shutil.copyfile(database.snapshot, sources / database.snapshot.name)


def _write_repairs(project: Path, inference: Inference) -> None:
    repairs = {
        f"sources/{name_source(table)}": table.file.repairs
        for table in inference.tables.values()
        if table.file.repairs
    }
    if repairs:
        (project / REPAIRS_FILE).write_text(write_repairs(repairs), "utf-8")
