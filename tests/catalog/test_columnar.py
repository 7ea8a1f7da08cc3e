"""What manifests say of columnar twins, and what is refused in those that an attacker wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.errors import ManifestError
from tests.support.wheels import describe

Raw = dict[str, Any]


@pytest.fixture
def raw(database: Path) -> Raw:
    twins = [
        {
            "table": table,
            "layout": "0123456789abcdef",
            "distribution": "colours-data-columnar",
            "version": "2026.1",
            "path": f"colours_data_columnar/{table}.parquet",
            "fileBytes": 4000,
            "fileHash": f"sha256:{'0' * 64}",
        }
        for table in ("colour", "shade")
    ]
    return describe(database, columnar=twins)


def test_twins_are_read_by_table(raw: Raw) -> None:
    manifest = Manifest(raw)
    assert list(manifest.twins) == ["colour", "shade"]
    assert manifest.format == 1, "readers that know nothing of twins read the database"
    twin = manifest.twins["shade"]
    assert twin.wheel == "colours_data_columnar-2026.1-py3-none-any.whl"
    assert (twin.file_bytes, twin.layout) == (4000, "0123456789abcdef")
    assert "ShippedTwin colours-data-columnar" in repr(twin)


def test_a_manifest_without_twins_has_none(database: Path) -> None:
    assert Manifest(describe(database)).twins == {}


def change(**values: Any) -> Callable[[Raw], None]:
    return lambda raw: raw[EXTENSION]["columnar"][1].update(values)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change(table="colour"), "two of its columnar twins are of one table"),
        (change(path="../../etc/passwd"), "leads out of the package"),
        (change(path="/etc/passwd"), "leads out of the package"),
        (change(distribution="x; rm -rf ~"), "of a columnar twin is 'x; rm -rf ~'"),
        (change(version="1 --index-url x"), "not a version"),
        (change(fileHash="sha256:12"), "not a sha256"),
        (change(fileBytes=-1), "not a count"),
        (change(layout=1), "layout"),
        (lambda raw: raw[EXTENSION].update(columnar="all"), "not a list"),
    ],
)
def test_a_manifest_that_says_otherwise_is_refused(
    raw: Raw, spoil: Callable[[Raw], object], said: str
) -> None:
    spoil(raw)
    with pytest.raises(ManifestError) as caught:
        Manifest(raw)
    assert said in caught.value.message
