"""What a refused build advises is done, and then the build passes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import BuildError

HOOK = "[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]"
BIRDS = "id,name,temp\n1,jay,1.5\n2,tit,2.5\n"
WIDER = BIRDS.replace("\n", ",x\n").replace("temp,x", "temp,wings")
SETTING = re.compile(r"`([a-z-]+[.a-z_-]* = [^`]+)`")
Cure = Callable[[Path, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / "birds.csv").write_text(BIRDS)
    (folder / "owls.csv").write_text("id,v\n1,a\n2,b\n")
    return draft_project(tmp_path / "p-data", folder).path


def build(project: Path) -> dict[str, list[tuple[object, ...]]]:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names}


def change(project: Path, name: str, old: str, new: str) -> None:
    path = project / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def set_as_told(project: Path, hint: str) -> None:
    (setting,) = SETTING.findall(hint)[:1]
    change(project, "pyproject.toml", HOOK, f"{HOOK}\n{setting}")


def set_last(project: Path, hint: str) -> None:
    change(project, "pyproject.toml", HOOK, f"{HOOK}\n{SETTING.findall(hint)[-1]}")


def make_nullable(project: Path, hint: str) -> None:
    assert "`Mapped[... | None]`" in hint
    change(project, "src/p_data/models.py", "temp: Mapped[float]", "temp: Mapped[float | None]")


def make_nullable_and_set(project: Path, hint: str) -> None:
    make_nullable(project, hint)
    set_as_told(project, hint)


def add_column(project: Path, hint: str) -> None:
    (line,) = re.findall(r"`(\w+: Mapped.*?)`", hint)
    temp = "    temp: Mapped"
    change(project, "src/p_data/models.py", temp, f"    {line}\n{temp}")


def remove_model(project: Path, hint: str) -> None:
    assert "remove the model" in hint
    path = project / "src/p_data/models.py"
    path.write_text(path.read_text("utf-8").split("\n\n\nclass Owl(")[0] + "\n", "utf-8")


def draft_model(project: Path, hint: str) -> None:
    assert "drafts" in hint
    other = project.parent / "crows"
    other.mkdir()
    (other / "crows.csv").write_text((project / "sources/crows.csv").read_text())
    drafted = draft_project(project.parent / "q-data", other).path
    model = (drafted / "src/q_data/models.py").read_text("utf-8").split("\n\n\n")[-1]
    path = project / "src/p_data/models.py"
    path.write_text(f"{path.read_text('utf-8')}\n\n{model.replace('QData', 'PData')}", "utf-8")


CURES: dict[str, tuple[str, str, Cure]] = {
    "infinite": ("birds", BIRDS.replace("2.5", "inf"), set_as_told),
    "a word for nothing": ("birds", BIRDS.replace("2.5", "NA"), make_nullable_and_set),
    "nothing": ("birds", BIRDS.replace("2.5", ""), make_nullable),
    "dollars": ("birds", BIRDS.replace("1.5", "$1.5").replace("2.5", "$7"), set_as_told),
    "decimal comma": ("birds", BIRDS.replace("1.5", '"1,25"').replace("2.5", "2"), set_as_told),
    "another delimiter": ("birds", BIRDS.replace(",", ";"), set_as_told),
    "another spelling": ("birds", BIRDS.replace("temp", "Temp"), set_as_told),
    "a longer name": ("birds", BIRDS.replace("temp", "Temp (C)"), set_as_told),
    "a new column": ("birds", WIDER, add_column),
    "a column to ignore": ("birds", WIDER, set_last),
    "a new file": ("crows", "id,v\n1,x\n", draft_model),
    "a file to ignore": ("crows", "id,v\n1,x\n", set_last),
    "a file that is gone": ("owls", "", remove_model),
    "an empty table": ("owls", "", set_last),
}  # fmt: skip


@pytest.mark.parametrize("case", CURES)
def test_following_a_hint_makes_the_build_pass(project: Path, case: str) -> None:
    name, text, cure = CURES[case]
    source = project / f"sources/{name}.csv"
    source.write_text(text) if text else source.unlink()
    with pytest.raises(BuildError) as raised:
        build(project)
    cure(project, raised.value.hint)
    tables = build(project)
    if name == "birds":
        assert [row[:2] for row in tables["birds"]] == [(1, "jay"), (2, "tit")]


def test_the_mismatches_of_all_tables_come_in_one_report(project: Path) -> None:
    rows = [f"{number},jay,{'Blue' if number % 3 else 'Red'}" for number in range(60)]
    (project / "sources/birds.csv").write_text("\n".join(["id,name,temp", *rows, ""]))
    (project / "sources/owls.csv").write_text("id,v\nx,a\n")
    with pytest.raises(BuildError) as raised:
        build(project)
    place, what = "sources/birds.csv, line {}, column `temp`", "is not a finite number (DOUBLE)"
    assert str(raised.value).splitlines() == [
        f"{place.format(2)}: 'Red' {what}, in 20 rows.",
        f"{place.format(3)}: 'Blue' {what}, in 40 rows.",
        "sources/owls.csv, line 2, column `id`: 'x' is not a whole number (INTEGER).",
    ]
