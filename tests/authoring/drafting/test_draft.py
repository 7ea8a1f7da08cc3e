"""A folder of files becomes a project that builds, installs, and passes its own checks unedited."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import tomllib
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import Draft, draft_project
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.drafts import check_style, install_draft
from tests.support.programs import run
from tests.support.projects import build_wheel

FAMILY = "families.code (by its name and all of its values)"
MESSY: dict[str, bytes] = {
    "2013 Überblick (neu).csv": "Price (in €),%,naïve\n1.50,3,x\n".encode(),
    "big.csv": b"n,x,f\n9223372036854775808,1,NaN\n1,9007199254740993,1.5\n2,3,Infinity\n",
    "bom.csv": b"\xef\xbb\xbfid,name\n1,a\n2,b\n",
    "bools.csv": b"id,ok\n1,true\n2,FALSE\n3,\n",
    "crlf.csv": b"id,v\r\n1,a\r\n\r\n2,b\r\n",
    "dates.csv": (
        b"iso,dmy,moment,mixed,b,z\n"
        b"2013-01-31,31/01/2013,2013-01-31T10:00:00Z,2013-01-31,yes,007\n"
        b"2013-02-01,01/02/2013,2013-01-31T10:00:00+02:00,2013-01-31 10:00,NO,008\n"
    ),
    "dup.csv": b"a,a,A,,\n1,2,3,4,5\n",
    "empty.csv": b"",
    "families.csv": b"code,name\nA,Tits\nB,Crows\nC,Owls\n",
    "header_only.csv": b"a,b,c\n",
    "lines.jsonl": (
        b'{"id": 1, "tags": ["a"], "seen": "2013-01-31T10:00:00", "odd key": "007"}\n'
        b'{"id": 2, "size": 1.5, "class": true}\n'
    ),
    "latin.csv": "id;café\n1;crème\n2;brûlée\n".encode("cp1252"),
    "longtext.csv": b"id,t\n1," + b"x" * 5000 + b"\n",
    "notes.txt": b"hello",
    "quoted.csv": b'id,text\n1,"two\nlines"\n2,"say ""hi"", you"\n',
    "select.csv": (
        b"class,from,metadata,registry,int,session,group,order,id,ID\n1,2,3,4,5,6,7,8,9,10\n"
    ),
    "species.csv": b"id,family_code,nulls\n1,A,NULL\n2,B,NA\n3,C,1\n4,,2\n5,A,\n",
    "sqlite_master.csv": b"name\nx\n",
    "strings.csv": b'string,date,datetime\n a ,b,c\n"""q""",\'s\',\\\n',
    "tabbed.tsv": b"id\tv\n1\ta,b\n",
    "utf16.csv": "id,straße\n1,grün\n2,\n".encode("utf-16"),
    "wide.csv": b",".join(b"c%d" % n for n in range(300)) + b"\n" + b",".join([b"1"] * 300) + b"\n",
    "zipped.csv.gz": gzip.compress(b"id,bom\n1,1\n2,2\n"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("messy")
    for name, content in MESSY.items():
        (made / name).write_bytes(content)
    return made


@pytest.fixture(scope="module")
def draft(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    return draft_project(tmp_path_factory.mktemp("drafts") / "messy-data", folder)


def test_the_report_says_what_was_inferred_and_why(draft: Draft) -> None:
    for line in (
        "species: 5 rows of species.csv, model Species",
        "  key: id (unique in all 5 rows)",
        f"  family_code: text of up to 1 character, may be empty, refers to {FAMILY}",
        "  key: none found, so rows are numbered",
        '  read with csv delimiter = ";", encoding = "cp1252"',
        "  a_2: integer, called 'a'",
        "left out: empty.csv, empty",
        "left out: notes.txt, of no format that is read; call it .csv or .tsv if it is a table",
    ):
        assert line in draft.report


def test_sources_are_copied_as_they_are(draft: Draft) -> None:
    sources = draft.path / "sources"
    for source, copied in (
        ("utf16.csv", "utf16.csv"),
        ("zipped.csv.gz", "zipped.csv.gz"),
        ("latin.csv", "latin.csv"),
        ("2013 Überblick (neu).csv", "_2013_Überblick_neu.csv"),
    ):
        assert (sources / copied).read_bytes() == MESSY[source]
    assert not {"elements.csv", "blocks.csv", "empty.csv"} & {p.name for p in sources.iterdir()}


def test_the_card_and_the_settings_tell_of_the_authors_tables_only(draft: Draft) -> None:
    card = (draft.path / "README.md").read_text("utf-8")
    assert "| species | 5 | id |" in card
    assert "- species: no value in some rows of family_code, nulls." in card
    assert "- `latin.csv`" in card
    for example in ("elements", "periodic"):
        assert example not in card
    settings = tomllib.loads((draft.path / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    assert "origins" not in hook
    assert "null-values" not in hook
    assert hook["tables"] == {
        "dates": {"formats": {"dmy": "%d/%m/%Y"}},
        "latin": {"csv": {"delimiter": ";", "encoding": "cp1252"}},
    }


@pytest.mark.slow
def test_a_draft_passes_its_checks_builds_installs_and_answers(
    draft: Draft, tmp_path: Path
) -> None:
    venv = install_draft(draft.path, tmp_path)
    query = ["-m", "microcosm_sqlite", "query", "messy", "--json"]

    def ask(sql: str) -> list[dict[str, object]]:
        answer: list[dict[str, object]] = json.loads(run(venv.python, *query, sql, cwd=tmp_path))
        return answer

    assert ask("SELECT * FROM latin") == [
        {"id": 1, "café": "crème"},
        {"id": 2, "café": "brûlée"},
    ]
    assert ask("SELECT text FROM quoted WHERE id = 1") == [{"text": "two\nlines"}]
    assert ask("SELECT n, f FROM big LIMIT 1") == [{"n": "9223372036854775808", "f": "NaN"}]
    assert ask("SELECT z, dmy FROM dates LIMIT 1") == [{"z": "007", "dmy": "2013-01-31"}]
    assert ask("SELECT nulls FROM species WHERE id < 3") == [{"nulls": "NULL"}, {"nulls": "NA"}]
    assert ask("SELECT string FROM strings") == [{"string": " a "}, {"string": '"q"'}]
    assert ask('SELECT tags, seen, "odd key", size, "class" FROM lines') == [
        {
            "tags": '["a"]',
            "seen": "2013-01-31 10:00:00.000000",
            "odd key": "007",
            "size": None,
            "class": None,
        },
        {"tags": None, "seen": None, "odd key": None, "size": 1.5, "class": 1},
    ]
    assert ask('SELECT "class", "ID_2" FROM "select"') == [{"class": 1, "ID_2": 10}]


def test_texts_for_nothing_reach_the_settings(folder: Path, tmp_path: Path) -> None:
    made = draft_project(tmp_path / "messy-data", folder, null_values=["NA", 'say "none"'])
    settings = tomllib.loads((made.path / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    assert hook["null-values"] == ["NA", 'say "none"']


@pytest.mark.slow
def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    when = datetime(2013, 1, 31, 10, tzinfo=UTC)
    columns = {
        "code": ["a", "b"],
        "at": [when, None],
        "day": [when.date(), when.date()],
        "clock": [when.time(), None],
        "raw": [b"\x00", b""],
        "big": [1 << 40, 1],
        "list": [[1, 2], []],
        "price": [Decimal("1.10"), Decimal("2.25")],
    }
    (tmp_path / "files").mkdir()
    parquet.write_table(pyarrow.table(columns), tmp_path / "files" / "things.parquet")
    draft = draft_project(tmp_path / "things-data", tmp_path / "files")
    check_style(draft.path, tmp_path)
    build_wheel(draft.path)
    path = draft.path / "src" / "things_data" / "things.db"
    with closing(sqlite3.connect(path)) as connection:
        first = connection.execute("SELECT * FROM things").fetchone()
    assert first == (
        "a",
        "2013-01-31 10:00:00.000000",
        "2013-01-31",
        "10:00:00.000000",
        b"\x00",
        1 << 40,
        "[1, 2]",
        1.1,
    )


def test_nothing_is_written_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "csvs").mkdir()
    (tmp_path / "csvs" / "birds.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(SourceError, match=r"birds\.csv, line 2"):
        draft_project(tmp_path / "birds-data", tmp_path / "csvs")
    (tmp_path / "csvs" / "birds.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SettingsError, match="compression"):
        draft_project(tmp_path / "birds-data", tmp_path / "csvs", compression="gzip")
    assert not (tmp_path / "birds-data").exists()


def test_class_names_are_singular_and_clash_with_nothing() -> None:
    tables = ["companies", "company", "strings", "lists", "2013", "my_tables", "BirdsData"]
    names = name_classes(tables, "BirdsData")
    assert list(names.values()) == [
        "Company",
        "CompanyRow",
        "StringRow",
        "List",
        "Table2013",
        "MyTable",
        "BirdsDataRow",
    ]


def test_attributes_shadow_nothing_that_a_model_needs() -> None:
    columns = ["class", "class_", "metadata", "session", "int", "dt", "create", "name"]
    names = name_attributes(columns)
    assert names["name"] == "name"
    assert names["class_"] == "class_"
    assert len(set(names.values())) == len(columns)
    changed = {column for column, attribute in names.items() if column != attribute}
    assert changed == {"class", "metadata", "session", "int", "dt", "create"}


def draft_database(tmp_path: Path, script: str) -> tuple[str, tuple[str, ...]]:
    """Draft a database; return the models and the report."""
    with closing(sqlite3.connect(tmp_path / "birds.db")) as connection:
        connection.executescript(script)
    made = draft_project(tmp_path / "birds-data", tmp_path / "birds.db")
    return (made.path / "src/birds_data/models.py").read_text("utf-8"), made.report


def test_rows_of_one_table_are_found_by_the_column_that_their_key_names(tmp_path: Path) -> None:
    models, _ = draft_database(
        tmp_path,
        "CREATE TABLE birds (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
        " parent TEXT REFERENCES birds (code))",
    )
    assert "remote_side=[code]" in models
    assert "remote_side=[parent]" in models


def test_a_key_keeps_the_order_of_its_columns(tmp_path: Path) -> None:
    models, report = draft_database(
        tmp_path,
        "CREATE TABLE birds (a TEXT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)) WITHOUT ROWID",
    )
    assert 'PrimaryKeyConstraint("b", "a")' in models
    assert "  key: b, a (declared)" in report


def draft_file(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").write_text(text)
    return "\n".join(draft_project(tmp_path / "birds-data", folder).report)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["1.1", "1.2", "1.10"], "number, but 1.1 and 1.10 would be the same"),
        (["250.00", "250.0", "1"], "number, but 250.0 and 250.00 would be the same"),
        (["1.50", "2.25", "10.00"], "  size: number"),
        (["1.0", "2.5", "1e1"], "  size: number"),
    ],
)
def test_texts_that_differ_in_zeros_alone_stay_different(
    tmp_path: Path, texts: list[str], told: str
) -> None:
    rows = "".join(f"{number},{text}\n" for number, text in enumerate(texts))
    assert told in draft_file(tmp_path, f"id,size\n{rows}")


def test_numbers_of_too_many_digits_are_told_as_such(tmp_path: Path) -> None:
    report = draft_file(tmp_path, "id,text\n135217135789158401,a\n1352171357E+5,b\n")
    assert "would be number, but some have more digits than a number keeps" in report
    assert "but for ;" not in report


def test_a_link_among_the_sources_is_told(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("id\n1\n")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").symlink_to(tmp_path / "outside.csv")
    report = draft_project(tmp_path / "birds-data", folder).report
    assert f"  note: birds.csv is a link, so {tmp_path / 'outside.csv'} was copied" in report


def test_a_draft_that_fails_while_it_copies_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "birds.csv").write_text("id\n1\n")
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="No space left"):
        draft_project(tmp_path / "birds-data", tmp_path / "files")
    assert [path.name for path in tmp_path.iterdir()] == ["files"]
