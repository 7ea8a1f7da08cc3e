"""What is advised where the first line of a source does not name the columns of its table."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import dialect

from microcosm_sqlite.authoring.loading.header_advice import advise_header
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.formats import choose_opener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules

BIRDS = sa.Table(
    "birds",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(10), nullable=False),
    sa.Column("seen", sa.Date),
)
NOTES = sa.Table("notes", sa.MetaData(), sa.Column("a", sa.Text), sa.Column("b", sa.Text))
PAIRS = sa.Table(
    "pairs",
    sa.MetaData(),
    sa.Column("row_id", sa.Integer, primary_key=True),
    sa.Column("x", sa.Integer),
    sa.Column("y", sa.Integer),
)
NAMED = "If the first line is a row, set `tables.birds.csv.header = "
LATER = "If line {0} is the header, set `tables.birds.csv.skip-lines = {1}`."


@pytest.mark.parametrize(
    ("table", "text", "advice"),
    [
        (BIRDS, "Birds\nid,name,seen\n1,jay,\n", LATER.format(2, 1)),
        (BIRDS, "Birds,,\n\n,,\nid,name,seen\n1,jay,\n", LATER.format(4, 3)),
        (BIRDS, "Birds\nid, name ,seen\n", LATER.format(2, 1)),
        (BIRDS, "1,jay,2020-01-01\n2,tit,\n", f'{NAMED}["id", "name", "seen"]`.'),
        (BIRDS, "1,jay,\n", f'{NAMED}["id", "name", "seen"]`.'),
        (BIRDS, "jay,2020-01-01\n", f'{NAMED}["name", "seen"]`.'),  # rows that are numbered
        (BIRDS, "1,jay,soon\n2,tit,\n", ""),
        (BIRDS, "1,jay\n", ""),
        (BIRDS, "id,bird,seen\n1,jay,\n", ""),
        (BIRDS, "Birds\n1,jay,\n", ""),
        (BIRDS, 'Birds\n1,"jay\n', ""),  # a row that cannot be read
        (BIRDS, '"id,name,seen"\n"1,jay,"\n', "as a whole, set `tables.birds.csv.quoted-lines"),
        (BIRDS, "id;name;seen\n1;jay;\n", ""),
        (PAIRS, "1,2\n3,4\n", '`tables.pairs.csv.header = ["x", "y"]`.'),
        (NOTES, "x,y\nz,w\n", ""),  # any text is one
    ],
)
def test_another_line_is_advised_only_where_it_has_the_columns(
    tmp_path: Path, table: sa.Table, text: str, advice: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8")
    rules = TableRules.of(table, dialect())
    with choose_opener(SourceFile(path, path.name, "csv"), CsvOptions())() as records:
        found = advise_header(rules, records)
    assert found.endswith(advice) if advice[:1] == "`" else advice in found
    assert bool(found) == bool(advice)


def test_formats_that_name_their_fields_have_no_other_header(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": "id", "b": "name", "c": "seen"}\n', "utf-8")
    with choose_opener(SourceFile(path, path.name, "jsonl"), CsvOptions())() as records:
        assert advise_header(TableRules.of(BIRDS, dialect()), records) == ""
