"""Whatever breaks a key is told with its lines, the first ones first."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import BuildError, DuplicateKeyError, ForeignKeyError
from tests.support.projects import make_project

MODELS = """
import sqlalchemy as sa
from microcosm_sqlite import DataSet

Base = DataSet.create("birds")


class Family(Base):
    __tablename__ = "families"
    code = sa.Column(sa.String(4), primary_key=True)


class Bird(Base):
    __tablename__ = "birds"
    __table_args__ = ({arguments})
    id = sa.Column(sa.Integer, {key})
    name = sa.Column(sa.String(40))
    family = sa.Column(sa.ForeignKey(Family.code))
    rank = sa.Column(sa.Integer)
    {column}
"""


def build(
    root: Path,
    birds: str,
    *,
    arguments: str = "",
    key: str = "primary_key=True",
    column: str = "",
    families: str = "code\nPARU\n",
    options: str = "",
) -> None:
    models = MODELS.format(arguments=arguments, key=key, column=column)
    sources = {"birds.csv": birds, "families.csv": families}
    project = make_project(root / "p", models=models, sources=sources, options=options)
    build_dataset(ProjectSettings.from_pyproject(project))


ROWS = "id,name,family,rank\n1,Tit,,1\n2,Rook,,\n3,tit,,1\n4,Rook,,\n"


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ('sa.Index("i", sa.func.lower(sa.column("name")), unique=True),', "lower(name)='tit'"),
        (
            'sa.Index("i", "rank", unique=True, sqlite_where=sa.column("name") != "Rook"),',
            "rank=1 (where name != 'Rook')",
        ),
        (
            'sa.Index("i", "rank", unique=True, sqlite_where=sa.text("id > 0")),',
            "rank=1 (where id > 0)",
        ),
        (
            'sa.Index("i", sa.text("name COLLATE NOCASE"), "rank", unique=True),',
            "name COLLATE NOCASE='Tit', rank=1",
        ),
        ('sa.Index("i", "twice", unique=True),', "twice=2"),
        ('sa.UniqueConstraint("rank", "twice"),', "rank=1, twice=2"),
    ],
)
def test_unique_keys_of_every_kind_name_both_lines(
    tmp_path: Path, arguments: str, key: str
) -> None:
    computed = 'twice = sa.Column(sa.Integer, sa.Computed("rank * 2"))'
    with pytest.raises(DuplicateKeyError) as raised:
        build(tmp_path, ROWS, arguments=arguments, column=computed)
    place = "is in sources/birds.csv, line 2 and sources/birds.csv, line 4."
    assert raised.value.message.splitlines()[0] == f"Table `birds`: {key} {place}"


def test_a_key_that_only_the_database_knows_is_told_without_lines(tmp_path: Path) -> None:
    """Here each row takes the same default."""
    with pytest.raises(BuildError, match=r"UNIQUE constraint failed: birds\.shelf"):
        build(
            tmp_path,
            ROWS,
            arguments='sa.Index("i", "shelf", unique=True),',
            column='shelf = sa.Column(sa.Integer, server_default="7")',
        )


def test_orphans_are_told_value_by_value_with_their_first_line(tmp_path: Path) -> None:
    birds = "id,name,family,rank\n9,a,CORV,\n8,b,CORV,\n7,c,PARU,\n6,d,,\n5,e,ALAU,\n"
    with pytest.raises(ForeignKeyError) as raised:
        build(tmp_path, birds)
    assert raised.value.message.splitlines() == [
        "Table `birds`, sources/birds.csv, line 2: family='CORV' is not in `families`, in 2 rows.",
        "Table `birds`, sources/birds.csv, line 6: family='ALAU' is not in `families`.",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"arguments": '{"sqlite_with_rowid": False},', "families": "code\nPARU\n"},
        {"birds": "name,family,rank\na,CORV,\nb,PARU,\nc,CORV,\n"},
    ],
)
def test_orphans_are_found_without_rowids_and_without_keys(
    tmp_path: Path, options: dict[str, str]
) -> None:
    birds = {"birds": "id,name,family,rank\n1,a,CORV,\n2,b,PARU,\n3,c,CORV,\n"} | options
    if "arguments" in birds:
        birds["arguments"] = birds["arguments"].rstrip(",")
    with pytest.raises(ForeignKeyError) as raised:
        build(tmp_path, **birds)
    assert raised.value.message.splitlines() == [
        "Table `birds`, sources/birds.csv, line 2: family='CORV' is not in `families`, in 2 rows.",
    ]


NAMES = st.sampled_from(["a", "A", "b", "ä", "Ä", ""])
TABLES = st.lists(st.tuples(NAMES, st.none() | st.integers(0, 3)), max_size=12)


@settings(deadline=None, max_examples=25)
@given(rows=TABLES, is_partial=st.booleans(), is_folded=st.booleans())
def test_the_first_line_told_is_the_first_that_breaks_the_key(
    rows: list[tuple[str, int | None]], is_partial: bool, is_folded: bool
) -> None:
    name = 'sa.func.lower(sa.column("name"))' if is_folded else '"name"'
    where = ', sqlite_where=sa.column("rank") > 1' if is_partial else ""
    lines = defaultdict(list)
    for number, (text, rank) in enumerate(rows, start=2):
        # SQLite folds the letters of ASCII only, and an empty field is NULL.
        folded = "".join(c.lower() if c.isascii() else c for c in text) if is_folded else text
        if text and not (is_partial and (rank or 0) <= 1):
            lines[folded].append(number)
    broken = sorted(numbers for numbers in lines.values() if len(numbers) > 1)
    text = "".join(f"{n},{name_},,{'' if rank is None else rank}\n" for n, (name_, rank) in
                   enumerate(rows))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        try:
            build(
                Path(folder),
                f"id,name,family,rank\n{text}",
                arguments=f'sa.Index("i", {name}, unique=True{where}),',
            )
        except DuplicateKeyError as error:
            told = error.message.splitlines()
        else:
            told = []
    assert len(told) == len(broken)
    for message, numbers in zip(told, broken, strict=True):
        first, second, *more = numbers
        place = f"is in sources/birds.csv, line {first} and sources/birds.csv, line {second}"
        assert message.endswith(f"{place}{', among others' if more else ''}.")


@settings(deadline=None, max_examples=15)
@given(
    families=st.lists(st.none() | st.sampled_from("ABCD"), max_size=12),
    parents=st.sets(st.sampled_from("ABCD")),
    limit=st.integers(1, 4),
)
def test_every_orphan_is_told_or_counted(
    families: list[str | None], parents: set[str], limit: int
) -> None:
    birds = "".join(f"{100 - n},x,{family or ''},\n" for n, family in enumerate(families))
    lines: dict[str, list[int]] = defaultdict(list)
    for line, family in enumerate(families, start=2):
        if family and family not in parents:
            lines[family].append(line)
    with tempfile.TemporaryDirectory() as folder:
        try:
            build(
                Path(folder),
                f"id,name,family,rank\n{birds}",
                families="code\n" + "".join(f"{parent}\n" for parent in sorted(parents)),
                options=f"error-limit = {limit}",
            )
        except ForeignKeyError as error:
            told = error.message.splitlines()
        else:
            told = []
    chosen = sorted(lines, key=lambda family: (-len(lines[family]), family))[:limit]
    expected = [
        f"Table `birds`, sources/birds.csv, line {lines[family][0]}: family='{family}' "
        f"is not in `families`{f', in {len(lines[family])} rows' if lines[family][1:] else ''}."
        for family in sorted(chosen, key=lines.__getitem__)
    ]
    left = sum(len(lines[family]) for family in lines.keys() - set(chosen))
    assert told == expected + ([f"... and {left} more."] if left else [])


def test_all_that_is_wrong_comes_in_one_report(tmp_path: Path) -> None:
    """Values, labels, checks, keys of all kinds and references, of refused tables too."""
    birds = (
        "id,name,family,rank\n1,Tit,CORV,1\n2,Rook,CORV,x\n2,Crow,ALAU,-1\n3,Jay,CORV,-1\n"
        "4,Tit,PARU,-1\nx,Wren,,\n"
    )
    arguments = 'sa.CheckConstraint("rank > 0", "positive"), sa.Index("i", "name", unique=True),'
    with pytest.raises(BuildError) as raised:
        build(tmp_path, birds + "5,,,\n2,y,,\n", arguments=arguments, families="code\nPARU\nPARU\n")
    birds, families = "sources/birds.csv, line", "sources/families.csv, line"
    assert raised.value.message.splitlines() == [
        f"{birds} 3, column `rank`: 'x' is not a whole number (INTEGER).",
        f"{birds} 7, column `id`: 'x' is not a whole number (INTEGER).",
        f"Table `birds`: id=2 is in {birds} 3 and {birds} 4, among others.",
        f"Table `birds`: name='Tit' is in {birds} 2 and {birds} 6.",
        f"{birds} 4: CHECK constraint failed: positive, in 3 rows.",
        f"Table `families`: code='PARU' is in {families} 2 and {families} 3.",
    ]
    with pytest.raises(BuildError) as raised:
        build(tmp_path / "b", birds="id,name,family,rank\n1,a,CORV,x\n2,b,CORV,\n3,c,CORV,\n")
    assert raised.value.message.splitlines() == [
        f"{birds} 2, column `rank`: 'x' is not a whole number (INTEGER).",
        f"Table `birds`, {birds} 2: family='CORV' is not in `families`, in 3 rows.",
    ]
