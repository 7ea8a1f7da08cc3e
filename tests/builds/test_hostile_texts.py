"""Whatever a manifest and a database say, pages, diagrams and descriptions keep their shape."""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.comparing.comparison import compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.catalog.citation import write_bibtex
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.interop.card.diagram import draw_diagram
from microcosm_sqlite.interop.card.page import render_card
from microcosm_sqlite.interop.croissant import describe_croissant
from microcosm_sqlite.interop.exporting.declarations import describe_package, draw_mermaid, read_sql
from microcosm_sqlite.interop.notebook import summarize
from tests.support.hostile import (
    HARMLESS,
    NUMBER_OF_NAMES,
    PAYLOADS,
    TEXTS,
    find_html_shape,
    find_markdown_shape,
    find_shape_of_values,
    list_texts,
    spread,
)
from tests.support.wheels import Wheel, make_database

SCRIPTS = ["javascript:alert(1)", "\x01 Java\nScript:alert(1)", "data:text/html,x", "vbscript:x"]
HOSTILE = st.lists(
    TEXTS.map(lambda text: text.encode("utf-8", "ignore").decode()),  # as the manifest is read
    min_size=NUMBER_OF_NAMES,
    max_size=NUMBER_OF_NAMES,
).map(spread)


def describe(names: list[str], script: str) -> tuple[str, dict[str, Any]]:
    """The SQL of a database with these names, and its manifest."""
    parent, child, key, label, other = names[:5]
    quoted = [quote_identifier(name) for name in names[:5]]
    schema = (
        f"CREATE TABLE {quoted[0]} ({quoted[2]} INTEGER PRIMARY KEY, {quoted[3]} TEXT);"
        f"CREATE TABLE {quoted[1]} ({quoted[2]} INTEGER PRIMARY KEY, {quoted[4]} INTEGER "
        f"REFERENCES {quoted[0]} ({quoted[2]}));"
        f"INSERT INTO {quoted[0]} VALUES (1, {quote_text(names[5])});"
        f"INSERT INTO {quoted[1]} VALUES (1, 1);"
    )
    fields = {
        parent: [
            {"name": key, "type": "integer", "description": names[6]},
            {"name": label, "type": "string", "constraints": {"enum": names[7:9]}},
        ],
        child: [
            {"name": key, "type": "integer"},
            {"name": other, "type": "integer", "description": names[9]},
        ],
    }
    keys = [{"fields": [other], "reference": {"resource": parent, "fields": [key]}}]
    resources = [
        {
            "name": name,
            "path": "colours.db",
            "description": names[10],
            "dialect": {"table": name},
            "rowCount": 1,
            "schema": {"fields": found, "primaryKey": [key], "foreignKeys": linked},
        }
        for (name, found), linked in zip(fields.items(), ([], keys), strict=True)
    ]
    return schema, {
        "title": names[11],
        "description": names[12],
        "homepage": script or names[13],
        "licenses": [{"name": names[14], "title": names[15], "path": script or names[16]}],
        "sources": [{"title": names[17], "path": script or names[18]}],
        "contributors": [{"title": names[19]}],
        "resources": resources,
    }


def open_hostile(folder: Path, names: list[str], script: str) -> InstalledDataset:
    schema, about = describe(names, script)
    wheel = Wheel().carry(make_database(folder / "colours.db"))
    database = make_database(folder / "colours.db", schema=schema)
    content = database.read_bytes()
    wheel.put("colours_data/colours.db", content)
    file = f"{wheel.info}/extra_metadata/{FILE_NAME}"
    raw = json.loads(wheel.files[file])
    raw[EXTENSION] |= {"bytes": len(content), "fingerprint": "", **hash_of(content)}
    wheel.put(file, json.dumps(raw | about))
    return open_dataset(str(wheel.pack(folder)), str(folder))


def hash_of(content: bytes) -> dict[str, str]:
    from hashlib import sha256

    return {"hash": f"sha256:{sha256(content).hexdigest()}"}


def find_mermaid_shape(text: str) -> list[str]:
    """The lines of a diagram without what names say."""
    assert "%%" not in text
    lines = [re.sub(r'"[^"]*"', '""', line) for line in text.split("\n")]
    assert all(line.isprintable() and '"' not in line.replace('""', "") for line in lines)
    return [re.sub(r"^( {8}\w+ )[\w-]+", r"\1_", line) for line in lines]


def find_bibtex_shape(text: str) -> list[str]:
    """The fields of an entry, whose braces are balanced."""
    depth, outside = 0, ""
    for character in re.sub(r"\\[{}&%$#_]", "", text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        outside += character if depth <= 1 and character not in "{}" else ""
        assert depth >= 0
    assert depth == 0
    return re.findall(r"[@\w]+(?= =|$|,)", outside)


SHORTENED = re.compile("…<title>[^<>]*</title>")
"""What a diagram has behind a name that is too long, and only there."""


def find_shapes(dataset: InstalledDataset, before: InstalledDataset) -> dict[str, object]:
    """All that is written of a dataset, as what reads it understands it."""
    drawn = SHORTENED.sub("", draw_diagram(dataset.tables))
    files = {name: dataset.path.with_suffix(f".{n}.csv") for n, name in enumerate(dataset.tables)}
    for file in files.values():
        file.touch()
    described = {
        "croissant": describe_croissant(dataset, files),
        "data package": describe_package(dataset, files),
    }
    for text in list_texts(list(described.values())):
        bare = re.sub(r"[\x00-\x20]", "", text)
        assert not re.match("(javascript|data|vbscript):", bare, re.IGNORECASE), text
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(read_sql(dataset))
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        assert {name for (name,) in names} == set(dataset.tables)
    return {
        "card": find_html_shape(SHORTENED.sub("", render_card(dataset))),
        "notebook": find_html_shape(summarize(dataset)),
        "diagram": [element.tag for element in ElementTree.fromstring(drawn).iter()],
        "mermaid": find_mermaid_shape(draw_mermaid(dataset.tables.values())),
        "BibTeX": find_bibtex_shape(write_bibtex(dataset)),
        "changelog": find_markdown_shape(render_changelog(compare_datasets(before, dataset))),
        **{name: find_shape_of_values(value) for name, value in described.items()},
    }


def shape(names: list[str], script: str = "") -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        before = make_database(Path(folder, "before.db"))
        return find_shapes(
            open_hostile(Path(folder), names, script), open_dataset(str(before), folder)
        )


@pytest.fixture(scope="module")
def harmless() -> dict[str, object]:
    return shape(HARMLESS)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failure is told as it is found
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(HOSTILE)
@example(spread((PAYLOADS * 2)[:NUMBER_OF_NAMES]))
def test_whatever_it_says_what_is_written_of_it_has_the_same_shape(
    harmless: dict[str, object], names: list[str]
) -> None:
    found = shape(names)
    assert {name: found[name] == harmless[name] for name in found} == dict.fromkeys(found, True)


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_link_leads_to_a_script(script: str) -> None:
    shape(HARMLESS, script)
