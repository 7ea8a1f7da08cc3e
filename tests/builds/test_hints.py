"""What a refused build advises is done, and then the build passes."""

from __future__ import annotations

import re
import shutil
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


def set_encoding(project: Path, hint: str) -> None:
    assert "`csv.encoding` names the encoding, such as `cp1252`" in hint
    change(project, "pyproject.toml", HOOK, f'{HOOK}\ntables.birds.csv.encoding = "cp1252"')


def set_encoding_as_told(project: Path, hint: str) -> None:
    ((setting,),) = [SETTING.findall(hint)]
    change(project, "pyproject.toml", HOOK, f"{HOOK}\ntables.birds.{setting}")


def leave_out_twin(project: Path, hint: str) -> None:
    assert "leave it out: set `columns` of the table" in hint
    change(project, "pyproject.toml", HOOK, f'{HOOK}\ntables.birds.columns = {{"temp " = ""}}')


def write_anew(text: str, told: str) -> Cure:
    """Write the source again, as the hint says, which has some words."""

    def cure(project: Path, hint: str) -> None:
        assert told in hint
        (project / "sources/birds.csv").write_text(text)

    return cure


def give_default(project: Path, hint: str) -> None:
    assert "nullable or give it a `server_default`" in hint
    change(project, "src/p_data/models.py", "temp: Mapped[float]", "temp: Mapped[float | None]")


def make_text_or_double(project: Path, hint: str) -> None:
    """Give the key of birds the type that the hint names, with the format that it names."""
    type_, mapped = ("Text", "str") if "put `Text` in the model" in hint else ("Double", "float")
    assert f"put `{type_}` in the model" in hint
    models = "src/p_data/models.py"
    text = (project / models).read_text("utf-8")
    old = "    id: Mapped[int] = mapped_column(Integer"
    assert old in text
    text = text.replace(old, f"    id: Mapped[{mapped}] = mapped_column({type_}", 1)
    text = text.replace("from sqlalchemy import ", "from sqlalchemy import Text, ", 1)
    (project / models).write_text(text, "utf-8")
    if SETTING.search(hint):
        set_as_told(project, hint)


def delete_line(*told: str) -> Cure:
    """Delete what the hint names in its line."""

    def cure(project: Path, hint: str) -> None:
        (number,) = set(re.findall(r"line (\d+)", hint))
        assert all(word in hint for word in told)
        source = project / "sources/birds.csv"
        lines = source.read_text("utf-8").splitlines()
        rest = lines.pop(int(number) - 1)
        if "byte order mark" in hint:
            lines.insert(int(number) - 1, rest.removeprefix("\ufeff"))
        source.write_text("\n".join(lines), "utf-8")

    return cure


CURES: dict[str, tuple[str, str, Cure]] = {
    "infinite": ("birds", BIRDS.replace("2.5", "inf"), set_as_told),
    "a word for nothing": ("birds", BIRDS.replace("2.5", "NA"), make_nullable_and_set),
    "nothing": ("birds", BIRDS.replace("2.5", ""), make_nullable),
    "dollars": ("birds", BIRDS.replace("1.5", "$1.5").replace("2.5", "$7"), set_as_told),
    "decimal comma": ("birds", BIRDS.replace("1.5", '"1,25"').replace("2.5", "2"), set_as_told),
    "another delimiter": ("birds", BIRDS.replace(",", ";"), set_as_told),
    "another spelling": ("birds", BIRDS.replace("temp", "Temp"), set_as_told),
    "a longer name": ("birds", BIRDS.replace("temp", "Temp (C)"), set_as_told),
    "other spellings": ("birds", BIRDS.replace("id,name,temp", "ID,Name,TEMP"), set_as_told),
    "lines in front": ("birds", f"Birds\n\n{BIRDS}", set_as_told),
    "fields in front": ("birds", f"Birds,of,2020\n{BIRDS}", set_as_told),
    "no line with names": ("birds", BIRDS.partition("\n")[2], set_as_told),
    "quotes around lines": (
        "birds", "".join(f'"{line}"\n' for line in BIRDS.splitlines()), set_as_told),
    "a fraction": ("birds", BIRDS.replace("2,tit", "2.5,tit"), make_text_or_double),
    "a fraction with a comma": ("birds", BIRDS.replace("2,tit", '"2,5",tit'), make_text_or_double),
    "a very large number": ("birds", BIRDS.replace("2,tit", f"{10**20},tit"), make_text_or_double),
    "the header again": (
        "birds", BIRDS.replace("2,tit", "id,name,temp\n2,tit"), delete_line("header again")),
    "a mark of order": (
        "birds", BIRDS.replace("2,tit", "\ufeff2,tit"), delete_line("byte order mark")),
    "a new column": ("birds", WIDER, add_column),
    "a column to ignore": ("birds", WIDER, set_last),
    "no UTF-8": ("birds", BIRDS.replace("jay", "j\xe4y"), set_encoding),
    "UTF-16": ("birds", "".join(f"{each}\0" for each in BIRDS), set_encoding_as_told),
    "UTF-16 the other way round": (
        "birds", "".join(f"\0{each}" for each in BIRDS), set_encoding_as_told),
    "a zero byte": (
        "birds", BIRDS.replace("jay", "j\0ay"), write_anew(BIRDS, "Remove it, or export")),
    "a column twice": ("birds", WIDER.replace("wings", "temp "), leave_out_twin),
    "a column that is gone": ("birds", "id,name\n1,jay\n2,tit\n", give_default),
    "a field too many": (
        "birds", BIRDS.replace("jay", "jay,1"), write_anew(BIRDS, "a delimiter inside a field")),
    "a quote": ("birds", BIRDS.replace("jay", '"jay'), write_anew(BIRDS, "that is not closed")),
    "a page": (
        "birds", "<!DOCTYPE html>\n<html>\n", write_anew(BIRDS, "not the page about it")),
    "no header": ("birds", "\n", write_anew(BIRDS, "Its first line must name the columns")),
    "a new file": ("crows", "id,v\n1,x\n", draft_model),
    "a file to ignore": ("crows", "id,v\n1,x\n", set_last),
    "a file that is gone": ("owls", "", remove_model),
    "an empty table": ("owls", "", set_last),
}  # fmt: skip


LARGE = {
    "a fraction": [1, 2.5], "a fraction with a comma": [1, 2.5], "a very large number": [1, 1e20],
}  # fmt: skip


@pytest.mark.parametrize("case", CURES)
def test_following_a_hint_makes_the_build_pass(project: Path, case: str) -> None:
    name, text, cure = CURES[case]
    source = project / f"sources/{name}.csv"
    encoding = "utf-8" if "\ufeff" in text else "latin-1"
    source.write_text(text, encoding) if text else source.unlink()
    with pytest.raises(BuildError) as raised:
        build(project)
    cure(project, raised.value.hint)
    tables = build(project)
    if name == "birds":
        ids = [float(row[0]) for row in tables["birds"]]
        assert ids == LARGE.get(case, [1, 2])


def test_a_missing_folder_is_put_where_it_is_told(project: Path) -> None:
    (project / "sources").rename(project / "elsewhere")
    with pytest.raises(BuildError, match="does not exist") as raised:
        build(project)
    assert "or name the folder in option `sources`" in raised.value.hint
    change(project, "pyproject.toml", 'sources = "sources"', 'sources = "elsewhere"')
    assert build(project)["owls"]


def test_two_sources_of_a_table_go_into_a_folder(project: Path) -> None:
    sources = project / "sources"
    (sources / "owls.tsv").write_text("id\tv\n3\tc\n")
    with pytest.raises(BuildError, match="has two sources") as raised:
        build(project)
    folder = Path(raised.value.hint.rpartition(" folder ")[2].rstrip("."))
    folder.mkdir()
    for part in sources.glob("owls.?sv"):
        part.rename(folder / part.name)
    assert len(build(project)["owls"]) == 3


FUNCTION = """
def make():
    yield {"id": 1, "v": "a"}
    yield {"id": 2, "v": "b", "w": 3}
"""


def test_the_first_row_of_a_function_names_every_column(project: Path) -> None:
    (project / "make.py").write_text(FUNCTION)
    sources = 'sources = {birds = "sources/birds.csv", owls = "make:make"}'
    change(project, "pyproject.toml", 'sources = "sources"', sources)
    with pytest.raises(BuildError, match="w is not in the first row") as raised:
        build(project)
    assert raised.value.hint == "The first row must name every column."
    change(project, "make.py", '"v": "a"', '"v": "a", "w": None')
    with pytest.raises(BuildError, match="has column `w`") as raised:
        build(project)
    set_last(project, raised.value.hint)
    assert len(build(project)["owls"]) == 2


def test_a_missing_parent_is_added_or_left_empty(project: Path) -> None:
    models, temp = "src/p_data/models.py", "    temp: Mapped"
    owl = '    owl: Mapped[int | None] = mapped_column(ForeignKey("owls.id"))\n'
    change(project, models, temp, f"{owl}{temp}")
    change(project, models, "from sqlalchemy import ", "from sqlalchemy import ForeignKey, ")
    (project / "sources/birds.csv").write_text("id,name,temp,owl\n1,a,1,1\n2,x,1,7\n3,x,1,7\n")
    with pytest.raises(BuildError, match=r"owl=7 is not in `owls`, in 2 rows") as raised:
        build(project)
    assert "Add the missing rows" in raised.value.hint
    (project / "sources/owls.csv").write_text("id,v\n1,a\n7,x\n")
    assert len(build(project)["birds"]) == 3
    (project / "sources/birds.csv").write_text("id,name,temp,owl\n1,a,1,1\n2,x,1,\n")
    assert "make the field empty" in raised.value.hint
    assert len(build(project)["birds"]) == 2


STRAY = 'id,name\n1,ab"c",x\n2,b\n3,"d"e"\n4,f\n'


@pytest.fixture
def repaired(tmp_path: Path) -> Path:
    """A project of a file with two rows that are repaired."""
    folder = tmp_path / "stray"
    folder.mkdir()
    (folder / "birds.csv").write_text(STRAY)
    project = draft_project(tmp_path / "r-data", folder, accept=lambda _, repairs: repairs).path
    assert len(build(project)["birds"]) == 4
    return project


def delete_repair(project: Path, hint: str) -> None:
    """Delete the one that is told, and write its line as it should be."""
    assert "Delete that repair from repairs.toml" in hint
    path = project / "repairs.toml"
    first, *repairs = path.read_text().split("[[repairs]]")
    assert "line = 2" in repairs[0]
    path.write_text("[[repairs]]".join([first, *repairs[1:]]))
    change(project, "sources/birds.csv", '1,ab"C",x', "1,abC")


def draft_again(project: Path, hint: str) -> None:
    assert "or draft the file again with --repair" in hint
    made = draft_project(
        project.parent / "s-data", project / "sources", accept=lambda _, repairs: repairs
    ).path
    shutil.copy(made / "repairs.toml", project)


@pytest.mark.parametrize("cure", [delete_repair, draft_again])
def test_a_repair_of_a_line_that_changed_is_deleted_or_made_again(
    repaired: Path, cure: Cure
) -> None:
    change(repaired, "sources/birds.csv", '1,ab"c",x', '1,ab"C",x')
    with pytest.raises(BuildError, match="the source has changed there since") as raised:
        build(repaired)
    cure(repaired, raised.value.hint)
    names = [row[1] for row in build(repaired)["birds"]]
    assert names[0].startswith("ab")
    assert "C" in names[0]
    assert len(names) == 4


def test_one_of_two_repairs_of_a_line_is_deleted(repaired: Path) -> None:
    path = repaired / "repairs.toml"
    text = path.read_text()
    path.write_text(f"{text}\n[[repairs]]{text.split('[[repairs]]')[1]}")
    with pytest.raises(BuildError, match="two repairs are for line 2") as raised:
        build(repaired)
    assert raised.value.hint == "Delete one of them."
    path.write_text(text)
    assert len(build(repaired)["birds"]) == 4


def test_a_row_that_no_dialect_can_write_is_changed(repaired: Path) -> None:
    settings = 'tables.birds.csv.quotechar = ""'
    change(repaired, "pyproject.toml", HOOK, f"{HOOK}\n{settings}")
    path = repaired / "repairs.toml"
    text = path.read_text()
    (becomes,) = re.findall(r"becomes = (.*)", text)[:1]
    path.write_text(text.replace(becomes, '["1", "a\\nb"]', 1))
    with pytest.raises(BuildError, match="a repair gives a row that") as raised:
        build(repaired)
    assert raised.value.hint == "Change `becomes` of that repair in repairs.toml."
    path.write_text(text.replace(becomes, '["1", "ab"]', 1))
    assert build(repaired)["birds"][0] == (1, "ab")
