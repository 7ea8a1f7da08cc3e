"""What Datasette shows of installed datasets."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from datetime import datetime
from importlib.util import find_spec
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import sqlalchemy as sa

import microcosm_sqlite

# Datasette leaves a database in memory open when it is imported.
pytestmark = [
    pytest.mark.skipif(find_spec("datasette") is None, reason="datasette is not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

METADATA = sa.MetaData()
sa.Table(
    "birds",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("species", sa.String(20), comment="Latin name"),
    comment="Every bird <seen>",
)
FACTS = {
    "title": "Birds & more",
    "description": "All of them",
    "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
    "sources": [{"title": "Field notes", "path": "https://example.org/notes"}],
}


@pytest.fixture
def birds(make):
    rows = [{"species": f"Avis {n % 3}"} for n in range(30)]
    return make(METADATA, {"birds": rows}, name="birds", **FACTS)


@pytest.fixture
def plugin():
    from datasette.plugins import pm

    from microcosm_sqlite.interop import datasette_plugin

    if pm.is_registered(datasette_plugin):
        yield
    else:
        pm.register(datasette_plugin)
        yield
        pm.unregister(datasette_plugin)
    gc.collect()  # connections that Datasette leaves open end here, and in no other test


def serve(**options):
    from datasette.app import Datasette

    return Datasette([], **options)


def ask(served, *paths):
    async def ask_all():
        await served.invoke_startup()
        return [await served.client.get(path) for path in paths]

    return asyncio.run(ask_all())


def test_a_dataset_appears_in_any_datasette_with_what_its_manifest_says(birds, plugin):
    served = serve(memory=True)
    front, page, rows = ask(served, "/", "/birds", "/birds/birds.json?_shape=array")
    assert "birds" in front.text
    assert "Birds &amp; more, version 1.0" in page.text
    assert "CC0-1.0" in page.text
    assert "Field notes" in page.text
    assert "https://example.org/notes" in page.text
    assert len(rows.json()) == 30
    assert not served.databases["birds"].is_mutable


def test_tables_and_columns_are_described_and_nothing_of_it_becomes_markup(birds, plugin):
    (page,) = ask(serve(), "/birds/birds")
    assert "CC0-1.0" in page.text
    assert "https://example.org/notes" in page.text
    assert "Every bird &lt;seen&gt;" in page.text
    assert "Latin name" in page.text


def test_columns_tell_what_the_build_found_in_them(birds, plugin):
    from microcosm_sqlite.interop.datasette_plugin import describe_database

    named, bare = birds.tables["birds"].fields[:2]
    named.description, named.value_range, named.null_count = "Its number", (1, 30_000), 0
    bare.description, bare.length_range, bare.null_count = "", (4, 9), 12_345
    columns = describe_database(birds)["tables"]["birds"]["columns"]
    assert columns[named.name] == "Its number (1 to 30,000)"
    assert columns[bare.name] == "4 to 9 characters, 12,345 NULL"


def test_rows_are_not_counted_again(birds, plugin):
    served = serve()
    ask(served, "/birds")
    assert served.databases["birds"].cached_table_counts == {"birds": 30}
    assert served.databases["birds"].hash == birds.manifest.sha256


def test_writing_is_refused(birds, plugin):
    (answer,) = ask(serve(), "/birds.json?sql=delete+from+birds")
    assert answer.status_code != 200


def test_what_is_asked_for_by_name_is_all_there_is(birds, make):
    from microcosm_sqlite.interop.browse import make_datasette

    make(METADATA, name="bees")
    served = make_datasette(["birds"])
    (front,) = ask(served, "/")
    assert [name for name in served.databases if name != "_internal"] == ["birds"]
    assert "Installed datasets" in front.text


def test_a_broken_dataset_is_left_out_and_named(birds, make, plugin, caplog):
    broken = make(METADATA, name="broken")
    broken.path.unlink()
    served = serve()
    with caplog.at_level(logging.WARNING):
        ask(served, "/")
    assert "birds" in served.databases
    assert ("broken" in served.databases) or "'broken' is not served" in caplog.text


def test_an_unknown_dataset_is_refused_before_anything_is_served(birds):
    from microcosm_sqlite.interop.browse import make_datasette

    with pytest.raises(microcosm_sqlite.errors.DatasetNotFoundError, match="bees"):
        make_datasette(["bees"])


@pytest.mark.parametrize("command", ["browse", "plugin"])
def test_a_name_that_datasette_does_not_quote_hides_no_other_dataset(
    birds, make, plugin, caplog, command
):
    from microcosm_sqlite.interop.browse import make_datasette

    odd = sa.MetaData()
    sa.Table("a]\x1b", odd, sa.Column("id", sa.Integer, primary_key=True))
    make(odd, name="odd")
    told = r"Dataset 'odd' cannot be browsed: .* the \] in 'a\]\\x1b'"
    if command == "browse":
        with pytest.raises(microcosm_sqlite.errors.DatasetError, match=told):
            make_datasette(["odd"])
        return
    with caplog.at_level(logging.WARNING):
        (front,) = ask(serve(), "/")
    assert front.status_code == 200
    assert "odd" not in front.text
    assert re.search(told, caplog.text)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ('SELECT 1 FROM "x\x1b]0;t\x07"', "no such table: x\x1b]0;t\x07"),
        ("SELECT zeroblob(200000000)", "string or blob too big"),
        ("ATTACH 'x' AS y", "Statement must be a SELECT"),
    ],
)
def test_a_wrong_statement_is_told_on_the_page_and_in_one_printable_line(
    birds, plugin, caplog, capfd, sql, told
):
    from microcosm_sqlite.interop.browse import make_datasette

    served = make_datasette(["birds"])
    page, answer = ask(served, f"/birds?sql={quote(sql)}", f"/birds.json?sql={quote(sql)}")
    assert (page.status_code, answer.status_code) == (400, 400)
    assert told in answer.json()["error"]
    shown = "".join(capfd.readouterr()) + caplog.text
    assert shown.replace("\n", "").isprintable()
    assert "Traceback" not in shown


def test_a_condition_on_no_column_ends_without_a_traceback(birds, plugin, capfd):
    (page,) = ask(serve(), "/birds/birds?_where=nowhere+>+1")
    assert page.status_code == 400
    assert "no such column: nowhere" in page.text
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_filter_finds_moments_however_they_are_written(make, plugin):
    metadata = sa.MetaData()
    sa.Table(
        "events",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime),
    )
    rows = [{"at": datetime(2013, 1, 1, hour)} for hour in (9, 10, 11)]
    make(metadata, {"events": rows}, name="events")
    table = "/events/events.json?_shape=array&at"
    sql = "/events.json?_shape=array&sql=select+id+from+events+where+at+"
    paths = {
        f"{table}=2013-01-01T10:00": [2],
        f"{table}__gt=2013-01-01+09:30:00": [2, 3],
        f"{table}__lte=2013-01-01T11:00:00Z": [1, 2, 3],
        f"{sql}=+:t&t=2013-01-01+10:00:00": [2],
        f"{sql}<=+'2013-01-01T10:00'": [1, 2],
    }
    answers = ask(serve(memory=True), *paths)
    assert [[row["id"] for row in answer.json()] for answer in answers] == [*paths.values()]
    (wrong,) = ask(serve(memory=True), '/events.json?sql=select+*+from+events+where+"att"+>+1')
    assert "no such column: att" in wrong.json()["error"]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//x", " https://x"]
)
def test_no_address_but_one_of_the_web_is_a_link(address):
    from microcosm_sqlite.interop import datasette_plugin

    raw = {"title": "t", "path": address}
    manifest = SimpleNamespace(title="t", description="", licenses=[raw], sources=[raw])
    described = datasette_plugin.describe_database(
        SimpleNamespace(name="d", version="1", manifest=manifest, tables={})
    )
    assert described == {"title": "t, version 1", "license": "t", "source": "t"}
