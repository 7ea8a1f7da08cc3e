"""A manifest is a stranger's text: it is understood, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.catalog.manifest import EXTENSION, FORMAT, SHARDED_FORMAT, Manifest
from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.errors import ManifestError
from tests.support.wheels import describe

GOOD: dict[str, Any] = {
    "name": "colours",
    "title": "Colours",
    "description": "Some colours.",
    "version": "2026.1",
    "licenses": [{"name": "CC0-1.0"}],
    "sources": [{"title": "A paint box", "path": "https://example.org"}],
    "contributors": [{"title": "A painter"}],
    "resources": [
        {
            "name": "shade",
            "dialect": {"table": "shade"},
            "description": "Shades.",
            "rowCount": 3,
            "rowidRange": [1, 3],
            "digest": "sha256:00",
            "repairs": {"stray-quote": 2},
            "indexes": [{"name": "i", "fields": ["colour_id"], "unique": False}],
            "schema": {
                "fields": [
                    {
                        "name": "code",
                        "type": "string",
                        "description": "Its code.",
                        "constraints": {"required": True, "maxLength": 8},
                        "nullCount": 0,
                        "lengthRange": [3, 8],
                    },
                    {"name": "colour_id", "nullCount": 1, "valueRange": [1, 2.5]},
                ],
                "primaryKey": "code",
                "uniqueKeys": [["code", "colour_id"]],
                "foreignKeys": [
                    {
                        "fields": ["colour_id"],
                        "reference": {"resource": "colour", "fields": ["id"]},
                    }
                ],
            },
        }
    ],
    EXTENSION: {
        "format": FORMAT,
        "package": "colours_data.inner",
        "resource": "data/colours.db",
        "compression": "zstd",
        "bytes": 8192,
        "hash": "sha256:" + "0a" * 32,
        "fingerprint": "sha256:ff",
        "sqliteVersion": "3.40.1",
        "builderVersion": "3.0.0",
        "models": "colours_data.models",
    },
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, as the keys that lead there."""
    keys = (
        value.keys()
        if isinstance(value, dict)
        else range(len(value))
        if isinstance(value, list)
        else ()
    )
    return [path, *(place for key in keys for place in places(value[key], (*path, key)))]


def touch(manifest: Manifest) -> str:
    """Everything that readers do with a manifest."""
    text = [manifest.dumps(), repr(manifest), *manifest.package.split(".")]
    text += [manifest.name, manifest.title, manifest.description, manifest.version]
    text += [manifest.resource, manifest.compression, manifest.sha256, manifest.fingerprint]
    text += [manifest.models, manifest.sqlite_version, manifest.builder_version]
    text += [str(x.get("name")) for x in (*manifest.licenses, *manifest.sources)]
    assert manifest.bytes >= 0
    assert len(manifest.sha256) == 64
    for name, table in manifest.tables.items():
        text += [name, repr(table), table.description, table.digest, *table.primary_key]
        text += [f"{f!r}{f.required}{f.format}{f.description}" for f in table.fields]
        for low, high in (f.value_range for f in table.fields if f.value_range):
            assert isinstance(low <= high, bool)
        for low, high in (f.length_range for f in table.fields if f.length_range):
            assert isinstance(low <= high, bool)
        text += [column for key in table.unique_keys for column in key]
        text += [f["reference"].get("resource", "") for f in table.foreign_keys]
        text += [str(index.get("name")) for index in table.indexes]
        assert table.row_count >= 0
        assert table.rowid_range is None or len(table.rowid_range) == 2
    return "".join(text)


def test_everything_that_is_written_is_read() -> None:
    manifest = Manifest(GOOD)
    assert (manifest.name, manifest.version, manifest.bytes) == ("colours", "2026.1", 8192)
    assert manifest.sha256 == "0a" * 32
    table = manifest.tables["shade"]
    assert (table.row_count, table.rowid_range, table.digest) == (3, (1, 3), "sha256:00")
    assert table.primary_key == ["code"]
    assert table.unique_keys == [["code", "colour_id"]]
    assert table.foreign_keys[0]["reference"]["resource"] == "colour"
    assert [(field.name, field.type, field.required) for field in table.fields] == [
        ("code", "string", True),
        ("colour_id", "any", False),
    ]
    code, colour = table.fields
    assert (code.null_count, code.value_range, code.length_range) == (0, None, (3, 8))
    assert (colour.null_count, colour.value_range, colour.length_range) == (1, (1, 2.5), None)
    assert touch(manifest)


def test_text_and_manifest_round_trip(database: Path) -> None:
    for raw in (GOOD, describe(database)):
        text = Manifest(raw).dumps()
        assert Manifest.loads(text).raw == raw
        assert Manifest.loads(text.encode("utf-8-sig")).dumps() == text
        assert text.endswith("}\n")


@settings(deadline=None)
@given(json_values)
def test_any_json_is_a_manifest_or_a_manifest_error(raw: Any) -> None:
    with pytest.raises(ManifestError):
        Manifest.loads(json.dumps(raw))


@settings(deadline=None)
@given(st.data(), json_values)
def test_a_good_manifest_with_any_part_replaced_is_read_or_refused(
    data: st.DataObject, value: Any
) -> None:
    raw = json.loads(json.dumps(GOOD))
    *path, last = data.draw(st.sampled_from(places(GOOD)[1:]))
    parent = raw
    for key in path:
        parent = parent[key]
    if data.draw(st.booleans()):
        parent[last] = value
    else:
        del parent[last]
    try:
        manifest = Manifest.loads(json.dumps(raw), "some.json")
    except ManifestError as error:
        assert "some.json" in str(error)  # noqa: PT017
        assert error.hint  # noqa: PT017
    else:
        touch(manifest)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.loads(content)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(ManifestError):
        Manifest.loads("[" * 100_000)


@pytest.mark.parametrize(
    "path", ["../x.db", "/etc/x.db", "a//x.db", "", "..", "a\\..\\x.db", "C:x", "a\0"]
)
def test_a_resource_cannot_lead_out_of_its_package(path: str) -> None:
    raw = {**GOOD, EXTENSION: {**GOOD[EXTENSION], "resource": path}}
    with pytest.raises(ManifestError, match="leads out"):
        Manifest(raw)


@pytest.mark.parametrize("package", ["../x", "a..b", "/a", ".a"])
def test_a_package_cannot_lead_out_of_its_site(package: str) -> None:
    raw = {**GOOD, EXTENSION: {**GOOD[EXTENSION], "package": package}}
    with pytest.raises(ManifestError, match="leads out"):
        Manifest(raw)


def test_a_manifest_from_the_future_asks_for_an_upgrade() -> None:
    raw = {**GOOD, EXTENSION: {"format": SHARDED_FORMAT + 1}}
    with pytest.raises(ManifestError, match=r"format 3.*pip install --upgrade microcosm-sqlite"):
        Manifest(raw)


def test_unknown_keys_are_left_to_later_versions() -> None:
    raw = {**GOOD, "keywords": ["x"], EXTENSION: {**GOOD[EXTENSION], "rowGroups": 4}}
    assert Manifest(raw).raw["keywords"] == ["x"]


def test_what_columns_hold_need_not_be_told() -> None:
    (field,) = Table({"name": "t", "schema": {"fields": [{"name": "a"}]}}).fields
    assert (field.null_count, field.value_range, field.length_range) == (None, None, None)


def test_a_table_may_have_no_schema() -> None:
    assert Table({"name": "t"}).fields == []


@pytest.mark.parametrize("key", ["distribution", "version", "accepts"])
def test_what_a_command_would_run_is_no_requirement(database: Path, key: str) -> None:
    raw = describe(database, requires={"towns": {key: "x'; touch gone; '"}})
    with pytest.raises(ManifestError, match="is not a name or version of a distribution"):
        Manifest(raw)
    told = {
        "distribution": "Towns.data_2",
        "version": "1!2.0+local",
        "accepts": ">=1.0, !=1.2.*,<3",
    }
    required = Manifest(describe(database, requires={"towns": told})).requires["towns"]
    assert getattr(required, key) == told[key]
