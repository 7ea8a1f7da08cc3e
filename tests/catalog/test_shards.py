"""What manifests say of shards, and what is refused in those that an attacker may have written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.errors import ManifestError
from tests.support.shards import Shards


def test_shards_are_read_in_order(database: Path) -> None:
    manifest = Manifest(Shards(database).raw)
    assert [shard.distribution[-1] for shard in manifest.shards] == ["1", "2", "3"]
    assert sum(shard.bytes for shard in manifest.shards) == manifest.bytes
    first = manifest.shards[0]
    assert first.wheel == f"colours_data_shard_0001-{first.version}-py3-none-any.whl"
    assert first.version in repr(first)


Raw = dict[str, Any]


def multiply(raw: Raw) -> None:
    raw[EXTENSION]["shards"] *= 3334


def swap(raw: Raw) -> None:
    shards = raw[EXTENSION]["shards"]
    shards[0], shards[1] = shards[1], shards[0]


def change(**values: Any) -> Callable[[Raw], None]:
    def apply(raw: Raw) -> None:
        raw[EXTENSION]["shards"][1].update(values)

    return apply


def drop(key: str) -> Callable[[Raw], None]:
    return lambda raw: raw[EXTENSION]["shards"][1].pop(key)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (multiply, "it has 10,002 shards, more than 1,000"),
        (swap, "the shard colours-data-shard-0002 begins at byte"),
        (change(offset=1), "begins at byte 1 with"),
        (change(bytes=1), "the shard colours-data-shard-0003 begins at byte"),
        (change(bytes=0), "with 0 bytes"),
        (change(bytes=-1), "'bytes' is -1, not a count"),
        (change(bytes=2**70), "not a count"),
        (change(path="/etc/passwd"), "leads out of the package"),
        (change(path="../../x.db.gz"), "leads out of the package"),
        (change(path="a\\b"), "leads out of the package"),
        (change(path="C:x"), "leads out of the package"),
        (change(path="colours_data_shard_0001/colours.db.gz"), "two of its shards are the same"),
        (change(distribution="x; rm -rf ~"), "not a distribution"),
        (change(distribution="-r"), "not a distribution"),
        (change(version="1 --index-url x"), "not a version"),
        (change(version=""), "not a version"),
        (change(fileHash="sha256:12"), "not a sha256"),
        (drop("fileHash"), "key 'fileHash' is missing"),
        (lambda raw: raw[EXTENSION]["shards"].pop(), "and the database has"),
        (lambda raw: raw[EXTENSION].update(shards="all"), "not a list"),
        (lambda raw: raw[EXTENSION].update(shards=[1]), "which is not an object"),
        (lambda raw: raw[EXTENSION].update(format=3), "this version reads up to 2"),
    ],
)
def test_a_manifest_whose_shards_do_not_make_up_the_database_is_refused(
    database: Path, spoil: Callable[[Raw], object], said: str
) -> None:
    raw = Shards(database).raw
    spoil(raw)
    with pytest.raises(ManifestError) as caught:
        Manifest(raw)
    assert said in caught.value.message
