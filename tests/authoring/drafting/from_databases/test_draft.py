"""An existing database becomes a project that builds, installs, and passes its own checks."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import MissingDependencyError, SourceError
from tests.support.drafts import install_draft
from tests.support.programs import run
from tests.support.wild import leave_journal, make

# What people have who use SQLite every day: written ahead, searched, viewed, triggered.
SHOP = """
PRAGMA journal_mode=WAL;
PRAGMA wal_autocheckpoint=0;
CREATE TABLE Artist (ArtistId INTEGER NOT NULL PRIMARY KEY, Name NVARCHAR(120));
CREATE TABLE Album (
    AlbumId INTEGER PRIMARY KEY,
    Title NVARCHAR(8) NOT NULL UNIQUE,
    ArtistId INTEGER NOT NULL REFERENCES artist (artistid),
    Price NUMERIC(10,2),
    Added DATETIME,
    kind TEXT NOT NULL CHECK ([kind] in ('LP','single')),
    hot INT CHECK (hot IN (0,1)),
    Gross GENERATED ALWAYS AS (Price * 1.2) STORED,
    Slug TEXT AS (lower(Title)),
    CONSTRAINT nice CHECK (Title NOT LIKE '%:%')
);
INSERT INTO Artist VALUES (1, 'AC/DC'), (2, NULL);
INSERT INTO Album (AlbumId, Title, ArtistId, Price, Added, kind, hot) VALUES
    (1, 'Back in Black', 1, 9.99, '2009-01-01 00:00:00', 'LP', 1),
    (2, 'Balls', 2, 8.5, NULL, 'single', 0);
CREATE INDEX ix_album_artist ON Album (ArtistId);
CREATE UNIQUE INDEX only_hot ON Album (Title) WHERE hot = 1 AND Title NOT LIKE 'a:b%';
CREATE INDEX low ON Album (lower(Title));
CREATE VIRTUAL TABLE Album_fts USING fts5(Title, content='Album', content_rowid='AlbumId');
INSERT INTO Album_fts(Album_fts) VALUES ('rebuild');
CREATE VIRTUAL TABLE notes_fts USING fts5(body);
CREATE VIEW cheap AS
    SELECT Title, 'it''s "100%" \\ cheap' AS note FROM Album WHERE Price < 9;
CREATE VIEW found AS SELECT rowid FROM Album_fts WHERE Album_fts MATCH 'balls';
CREATE TRIGGER note_artist AFTER INSERT ON Artist BEGIN SELECT 1; END;
"""
ODD = """
CREATE TABLE employee (
    id INTEGER PRIMARY KEY,
    boss INTEGER REFERENCES employee,
    deputy_id INTEGER UNIQUE REFERENCES employee,
    class TEXT, [order], [nothing], photo BLOB, metadata JSON, "select" BOOLEAN, [from] DATE
);
INSERT INTO employee VALUES
    (1, NULL, 2, 'a', 1, NULL, x'00', '{"a": 1}', 1, '2020-01-31'),
    (2, 1, NULL, 'b', 'two', NULL, NULL, '', 0, '31.1.2020');
CREATE TABLE tag (label TEXT NOT NULL UNIQUE, "a ""quote"" \\" TEXT);
CREATE TABLE employee_tags (
    employee_id INTEGER REFERENCES employee,
    label TEXT REFERENCES tag (label),
    PRIMARY KEY (employee_id, label)
) WITHOUT ROWID;
INSERT INTO tag VALUES ('x', 'y');
INSERT INTO employee_tags VALUES (1, 'x');
CREATE TABLE log (at TIMESTAMP, what, gone INTEGER REFERENCES nowhere(id));
INSERT INTO log VALUES ('2020-01-01 10:00:00', 1.5, 7), ('2020-01-01 10:00:00', 2, 7);
CREATE TABLE "order details" (
    a INT, b INT, qty INT DEFAULT 1, rate REAL,
    x REFERENCES log (what),
    PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES employee,
    CHECK (spy(a) > 0)
);
PRAGMA ignore_check_constraints=ON;
CREATE TABLE route (
    code TEXT PRIMARY KEY, origin INTEGER REFERENCES employee, dest INTEGER REFERENCES employee,
    origin_tag TEXT, FOREIGN KEY (origin, origin_tag) REFERENCES employee_tags
);
INSERT INTO route VALUES (NULL, 1, 2, 'x'), ('b', 1, 1, NULL);
CREATE TABLE strict_one (id INTEGER PRIMARY KEY, a ANY, b BLOB, t TEXT NOT NULL) STRICT;
INSERT INTO strict_one VALUES (1, 9007199254740993, x'ff', 'ä'), (2, NULL, NULL, '');
CREATE TABLE "it's ""odd"" %" (id INTEGER PRIMARY KEY);
CREATE TABLE "returning" (id INTEGER PRIMARY KEY, [nothing] UNIQUE);
CREATE TABLE empty (id INTEGER PRIMARY KEY, a TEXT COLLATE nocase UNIQUE, b VARCHAR(3), c NUMERIC);
"""
DETAILS = "INSERT INTO \"order details\" VALUES (1, 1, 1, 1, NULL), (77, 1, 'many', 9e99, NULL);"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database that somebody has open, whose last rows are in its log, beside other files."""
    made = tmp_path_factory.mktemp("found")
    with closing(sqlite3.connect(made / "odd.sqlite")) as odd:
        odd.create_function("spy", 1, lambda _: 1, deterministic=True)
        odd.executescript(ODD + DETAILS)
    (made / "genres.csv").write_text("code,name\nR,Rock\nJ,Jazz\n")
    (made / "broken.db").write_bytes(b"no database\n")
    with closing(sqlite3.connect(made / "shop.db")) as shop:
        shop.executescript(SHOP)
        assert (made / "shop.db-wal").stat().st_size
        yield made


@pytest.fixture(scope="module")
def draft(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    return draft_project(tmp_path_factory.mktemp("drafts") / "wild-data", folder)


@pytest.fixture(scope="module")
def models(draft: Draft) -> str:
    return (draft.path / "src" / "wild_data" / "models.py").read_text("utf-8")


def test_the_report_says_what_was_taken_over_and_what_was_not(draft: Draft) -> None:
    for line in (
        "shop.db: SQLite, 2 tables with 4 rows",
        "  sources/shop.db is a snapshot of it, made by VACUUM INTO",
        "Album: 2 rows of shop.db, model Album",
        "  key: AlbumId (declared)",
        "  ArtistId: INTEGER, refers to Artist.ArtistId",
        "  kind: one of LP, single, declared TEXT",
        "  Gross: DOUBLE, no type declared, may be empty, generated",
        "  full-text search: Title",
        "view cheap: kept",
        'left out: view found, readers could not ask it: unsafe use of virtual table "Album_fts"',
        (
            "left out: virtual table notes_fts, its text is in no other table; "
            "to keep it, copy it into one"
        ),
        "left out: trigger note_artist of Artist, nobody writes any more",
        "left out: foreign key (gone) to nowhere (id) of log, there is no such table",
        (
            "left out: foreign key (a) to employee (id) of order details, "
            "1 row refers to none that is there"
        ),
        "left out: foreign key (x) to log (what) of order details, what it refers to is no key",
        (
            "left out: check spy(a) > 0 of order details, it cannot be asked for: "
            "no such function: spy"
        ),
        "  key: label (declared)",
        "  key: none declared, so rows are numbered, as id",
        "  note: its key, code, is NULL in some rows",
        "left out: option STRICT of strict_one, here the build checks the types",
        "  note: order: no type declared, holds 1 whole number and 1 text",
        "  note: from: declared DATE, holds 2 texts: 1 such as '2020-01-31', 1 such as '31.1.2020'",
        "genres: 2 rows of genres.csv, model Genre",
        (
            "left out: broken.db, not a SQLite database. "
            "It is text: call it broken.csv, if it is a table."
        ),
    ):
        assert line in draft.report


def test_what_is_declared_is_kept_where_the_rows_obey(models: str) -> None:
    for line in (
        '    __full_text__ = ("title",)',
        '        UniqueConstraint("Title"),',
        '        CheckConstraint("Title NOT LIKE \'%:%\'", name="nice"),',
        '        Index("ix_album_artist", "ArtistId"),',
        '        Index("low", sql_text("lower(Title)")),',
        "            sqlite_where=sql_text(\"hot = 1 AND Title NOT LIKE 'a\\\\:b%'\"),",
        (
            '    artist_id: Mapped[int] = mapped_column("ArtistId", Integer, '
            'ForeignKey("Artist.ArtistId"))'
        ),
        '    price: Mapped[Decimal | None] = mapped_column("Price", Numeric(10, 2))',
        "    kind: Mapped[AlbumKind]",
        "    hot: Mapped[bool | None] = mapped_column(Boolean)",
        'Computed("lower(Title)", persisted=False)',
        '    artist: Mapped[Artist] = relationship(back_populates="albums", viewonly=True)',
        '    __table_args__ = ({"sqlite_with_rowid": False},)',
        '    class_: Mapped[str | None] = mapped_column("class", Text)',
        "    label: Mapped[str] = mapped_column(Text, primary_key=True)",
        "        ForeignKeyConstraint(",
        '    a: Mapped[str | None] = mapped_column(Text(collation="NOCASE"))',
    ):
        assert line in models
    assert 'AlbumKind = Literal["LP", "single"]' in models


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('mapped_column("Title", NVARCHAR(13))', "a text is longer than declared"),
        ("order: Mapped[str | None] = mapped_column(Text)", "whole numbers and texts"),
        ('from_: Mapped[str | None] = mapped_column("from", Text)', "no date of ISO 8601"),
        (
            'qty: Mapped[str | None] = mapped_column(Text, server_default=sql_text("1"))',
            "many is not a number",
        ),
        ("what: Mapped[float | None] = mapped_column(Double)", "undeclared numbers"),
        ("a: Mapped[int | None] = mapped_column(BigInteger)", "a whole number of any size"),
        (
            'nothing: Mapped[str | None] = mapped_column(quoted_name("nothing", quote=True), Text)',
            "nothing at all",
        ),
        ("code: Mapped[str | None] = mapped_column(Text)", "a key that is NULL is none"),
    ],
)
def test_the_values_decide_where_the_declaration_does_not_hold(
    models: str, line: str, why: str
) -> None:
    assert line in models, why


def test_the_drafted_project_builds_with_every_row_of_the_log(draft: Draft, folder: Path) -> None:
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:

        def ask(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        assert ask("SELECT * FROM Album") == [
            (1, "Back in Black", 1, 9.99, "2009-01-01 00:00:00.000000", "LP", 1, 9.99 * 1.2,
             "back in black"),
            (2, "Balls", 2, 8.5, None, "single", 0, 8.5 * 1.2, "balls"),
        ]  # fmt: skip
        assert ask("SELECT * FROM cheap") == [("Balls", 'it\'s "100%" \\ cheap')]
        assert ask("SELECT rowid FROM Album_fts WHERE Album_fts MATCH 'balls'") == [(2,)]
        assert ask('SELECT a, qty FROM "order details"') == [(1, "1"), (77, "many")]
        assert ask("SELECT * FROM log")[1] == (2, "2020-01-01 10:00:00.000000", 2.0, 7)
        assert ask("SELECT id, code FROM route") == [(1, None), (2, "b")]
        assert ask("SELECT metadata FROM employee") == [('{"a": 1}',), (None,)]
        assert ask("SELECT a, b FROM strict_one")[0] == (9007199254740993, b"\xff")
        assert ask("PRAGMA foreign_key_check") == []
        kept = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql NOTNULL ORDER BY 1"
        assert ask(kept) == [("ix_album_artist",), ("low",), ("only_hot",)]
    assert sorted(path.name for path in (draft.path / "sources").iterdir()) == [
        "genres.csv",
        "odd.db",
        "shop.db",
    ]
    assert not (folder / "odd.sqlite-wal").exists()


@pytest.mark.slow
@pytest.mark.once
def test_a_draft_passes_its_checks_installs_and_answers(draft: Draft, tmp_path: Path) -> None:
    venv = install_draft(draft.path, tmp_path)
    walk = """
from wild_data.models import *
from wild_data.stores import *
album = AlbumStore().get(2)
assert (album.artist.name, album.artist.albums) == (None, [album])
boss = EmployeeStore().get(1)
assert [each.id for each in boss.boss_employee_reverse] == [2]
assert [tag.label for tag in boss.tags] == ["x"]
assert [route.code for route in boss.route_dests] == ["b"]
assert RouteStore().get(1).dest_employee.id == 2
assert [found.title for found in AlbumStore().match("black")] == ["Back in Black"]
"""
    run(venv.python, "-W", "error", "-c", walk, cwd=tmp_path)
    query = ["-m", "microcosm_sqlite", "query", "wild", "--json", "SELECT note FROM cheap"]
    answer = json.loads(run(venv.python, *query, cwd=tmp_path))
    assert answer == [{"note": 'it\'s "100%" \\ cheap'}]


def test_one_database_is_named_itself_whatever_its_suffix(tmp_path: Path) -> None:
    path = make(tmp_path / "birds.data", "CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT);")
    before = path.read_bytes()
    draft = draft_project(tmp_path / "birds-data", path)
    assert "birds: 0 rows of birds.data, model Bird" in draft.report
    assert build_dataset(ProjectSettings.from_pyproject(draft.path)).manifest.tables["birds"]
    assert (path.read_bytes(), len(list(tmp_path.iterdir()))) == (before, 2)


def test_a_quiet_database_in_write_ahead_mode_is_left_as_it_was(tmp_path: Path) -> None:
    path = make(tmp_path / "birds.db", "PRAGMA journal_mode=WAL; CREATE TABLE birds (name TEXT);")
    draft_project(tmp_path / "birds-data", path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["birds-data", "birds.db"]


def test_a_database_with_collations_of_some_application_is_copied_all_the_same(
    tmp_path: Path,
) -> None:
    path = tmp_path / "birds.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.create_collation("ours", lambda a, b: (a > b) - (a < b))
        connection.executescript(
            "CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT COLLATE ours UNIQUE);"
            "INSERT INTO birds VALUES (1, 'Jay');"
        )
    draft = draft_project(tmp_path / "birds-data", path)
    assert (
        "differs: column name of birds, TEXT COLLATE OURS in the source, TEXT here" in draft.report
    )
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        assert connection.execute("SELECT * FROM birds").fetchall() == [(1, "Jay")]


def test_one_file_of_another_format_is_drafted_by_way_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "birds.csv").write_text("id,name\n1,Jay\n")
    with pytest.raises(SourceError, match=rf"birds\.csv is not a database.*--from {tmp_path}"):
        draft_project(tmp_path / "birds-data", tmp_path / "birds.csv")


def scramble(path: Path) -> None:
    make(path, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000));")
    content = bytearray(path.read_bytes())
    content[4096:6000] = b"\xff" * 1904
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.write_bytes(b""), r"birds\.db is empty"),
        (lambda path: path.write_bytes(Random(1).randbytes(4096)), "not a SQLite data.*decrypt"),
        (lambda path: path.write_bytes(b"id,name\n1,Jay\n"), r"call it birds\.csv"),
        (lambda path: make(path, "VACUUM"), "has no tables"),
        (lambda path: make(path, "CREATE VIEW v AS SELECT 1"), "has no tables"),
        (lambda path: make(path, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (x'00')"),
         "table `t`: column `a` holds 1 blob and 1 whole number"),
        (leave_journal, "in the middle of a transaction.*roll it back"),
        (scramble, r"birds\.db is damaged"),
    ],
    ids=["empty", "encrypted", "text", "no page", "no tables", "mixed", "journal", "scrambled"],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_refused_and_nothing_written(
    tmp_path: Path, spoil: object, told: str
) -> None:
    spoil(tmp_path / "birds.db")  # type: ignore[operator]
    with pytest.raises(SourceError, match=told):
        draft_project(tmp_path / "birds-data", tmp_path / "birds.db")
    assert not (tmp_path / "birds-data").exists()


def test_a_database_that_is_being_written_is_refused_for_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "microcosm_sqlite.authoring.drafting.from_databases.snapshots._TIMEOUT", 0.01
    )
    path = make(tmp_path / "birds.db", "CREATE TABLE birds (name TEXT);")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match=r"is being written to.*Try again"):
            draft_project(tmp_path / "birds-data", path)


def test_no_source_stops_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    make(folder / "birds.db", "CREATE TABLE Birds (name TEXT);")
    make(folder / "birds.sqlite", "CREATE TABLE nests (birds INTEGER);")
    make(folder / "more.db", "CREATE TABLE birds (name TEXT);")
    make(folder / "none.db", "CREATE TABLE t (a); DROP TABLE t;")
    make(folder / "odd.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (x'00');")
    (folder / "birds.csv").write_text("name\nJay\n")
    (folder / "broken.csv").write_text("a,b\n1,2,3\n")
    draft = draft_project(tmp_path / "birds-data", folder)
    refused = [line for line in draft.report if line.startswith("refused: ")]
    for line, told in zip(
        refused,
        (
            "birds.db and more.db both make table `birds`. Draft a project of each",
            "none.db has no tables",
            'UPDATE "t" SET "a" = CAST("a" AS BLOB)',
            "broken.csv, line 2",
        ),
        strict=True,
    ):
        assert told in line
    assert "birds_2: 1 row of birds.csv, model Birds2" in draft.report
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%CREATE TABLE%'")
        assert sorted(name for (name,) in names)[:3] == ["Birds", "birds_2", "nests"]


TABLE_T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a);"
TABLE_U = "CREATE TABLE u (id INTEGER PRIMARY KEY, a);"
SEARCH = "CREATE VIRTUAL TABLE s USING fts5 (a, content='t', content_rowid='id');"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (f"{TABLE_T} CREATE INDEX i ON t (a);", f"{TABLE_U} CREATE INDEX I ON u (a);",
         "  note: index I is called I_2, as its name is taken"),
        (f"{TABLE_T} CREATE INDEX u ON t (a);", TABLE_U,
         "  note: index u is called u_2, as its name is taken"),
        (f"{TABLE_T} CREATE VIEW v AS SELECT a FROM t;",
         f"{TABLE_U} CREATE VIEW V AS SELECT a FROM u; CREATE VIEW w AS SELECT a FROM v;",
         "left out: view w, it asks a view that is left out: V"),
        (f"{TABLE_T} CREATE VIEW v AS SELECT a FROM t;", TABLE_U.replace(" u ", " V "),
         "left out: view v, its name is taken by a table of second.db"),
        (TABLE_T + SEARCH, TABLE_U.replace(" u ", " T_fts "),
         "left out: virtual table s, the name t_fts, which it would have, is taken by a table of"),
        (TABLE_T + SEARCH, TABLE_U.replace(" u ", " t_fts_data "),
         "left out: virtual table s, the name t_fts_data, which it would have, is taken"),
        (f"{TABLE_T} CREATE VIEW words AS SELECT a FROM t;", TABLE_U,
         "words_2: 2 rows of words.csv, model Words2"),
    ],
)  # fmt: skip
def test_what_is_called_alike_in_several_sources_gets_another_name_or_is_left_out(
    first: str, second: str, told: str, tmp_path: Path
) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    make(folder / "first.db", first)
    make(folder / "second.db", second)
    (folder / "words.csv").write_text("word\na\nb\n")
    draft = draft_project(tmp_path / "birds-data", folder)
    assert any(line.startswith(told) for line in draft.report), draft.report
    build_dataset(ProjectSettings.from_pyproject(draft.path))


def test_names_that_models_use_themselves_are_taken_for_no_class_or_attribute(
    tmp_path: Path,
) -> None:
    names = ["VIEWS", "create_views", "sql_text", "class_var", "primary_key_constraint", "event",
             "mapped_column", "meta_data", "quoted_name", "foreign_key", "index"]  # fmt: skip
    columns = ", ".join(f"\"{name}\" TEXT DEFAULT 'x'" for name in names)
    script = " ".join(
        f'CREATE TABLE "{name}" (id INTEGER, z INTEGER, {columns}, PRIMARY KEY (z, id));'
        for name in names
    )
    search = "CREATE VIRTUAL TABLE s USING fts5 (event, content='event', tokenize=porter);"
    path = make(tmp_path / "birds.db", f"{script} {search} CREATE VIEW v AS SELECT * FROM event;")
    draft = draft_project(tmp_path / "birds-data", path)
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    assert {*names} == {*built.manifest.tables}


@pytest.mark.parametrize(
    ("script", "told", "copied"),
    [
        ("CREATE VIRTUAL TABLE f USING fts5 (a);", "the virtual table `f`", "f rows: 0 rows of"),
        ("CREATE VIEW v AS SELECT 1 AS n;", "the view `v`", "v rows: 1 row of"),
        (
            "CREATE VIEW v AS SELECT 1 AS n; CREATE VIRTUAL TABLE f USING fts5 (a);",
            "the virtual table `f`, the view `v`",
            "v rows: 1 row of",
        ),
    ],
)
def test_what_is_there_in_place_of_tables_is_told_with_how_to_copy_it(
    tmp_path: Path, script: str, told: str, copied: str
) -> None:
    path = make(tmp_path / "birds.db", script)
    with pytest.raises(SourceError, match=f"has no tables, only {told}") as caught:
        draft_project(tmp_path / "birds-data", path)
    make(path, str(caught.value.hint).removeprefix("Copy what they hold: "))
    report = draft_project(tmp_path / "b", path).report
    assert any(line.startswith(copied) for line in report)


@pytest.mark.parametrize("module", ["fts5 (a, content='')", "fts4 (a, content='')"])
def test_no_copy_is_advised_of_texts_that_are_not_there(tmp_path: Path, module: str) -> None:
    script = f"CREATE VIRTUAL TABLE f USING {module}; INSERT INTO f (rowid, a) VALUES (1, 'x');"
    path = make(tmp_path / "birds.db", script)
    with pytest.raises(SourceError, match="has no tables, only the virtual table `f`") as caught:
        draft_project(tmp_path / "birds-data", path)
    assert not caught.value.hint


def test_a_folder_with_nothing_to_draft_tells_why(tmp_path: Path) -> None:
    make(tmp_path / "none.db", "CREATE TABLE t (a); DROP TABLE t;")
    (tmp_path / "rows.json").write_text("[]")
    with pytest.raises(SourceError, match=r"rows\.json: empty\nnone\.db has no tables"):
        draft_project(tmp_path / "birds-data", tmp_path)


def test_without_sqlacodegen_the_line_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "birds.db", "CREATE TABLE birds (name TEXT);")
    monkeypatch.setitem(sys.modules, "sqlacodegen.generators", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'microcosm-sqlite\[new\]'"):
        draft_project(tmp_path / "birds-data", path)


def test_the_numbers_of_an_application_are_told(tmp_path: Path) -> None:
    table = "CREATE TABLE t (id INTEGER PRIMARY KEY)"
    make(tmp_path / "map.db", f"PRAGMA user_version=7; PRAGMA application_id=1196444487; {table}")
    make(tmp_path / "plain.db", table.replace("t (", "u ("))
    draft = draft_project(tmp_path / "p-data", tmp_path)
    told = [line for line in draft.report if line.startswith("left out: ")]
    assert told == [
        f"left out: {what}, a number of its application, as a dataset has its own"
        for what in ("user_version 7", "application_id 1196444487")
    ]
    built = build_dataset(ProjectSettings.from_pyproject(draft.path)).path
    again = draft_project(tmp_path / "q-data", built)
    assert not any("user_version" in line for line in again.report)
