"""Verification of columnar twins: their files, and in full their rows."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

import pyarrow.parquet as pq

from microcosm_sqlite import InstalledDataset, dataset
from microcosm_sqlite.catalog.verifying.checklist import Outcome


def look(found: InstalledDataset, *, full: bool = False) -> Outcome:
    return next(each for each in found.verify(full=full).outcomes if each.code == "V17")


@pytest.fixture
def twin(installed: Path) -> Path:
    return dataset("colours").columnar()["shade"]


def rewrite(path: Path, content: bytes) -> Path:
    """Put other bytes in the place of a twin, under the name that fits them."""
    parts = path.stem.split("~")
    parts[3:] = [str(len(content)), sha256(content).hexdigest()]
    path.unlink()
    path = path.with_name(f"{'~'.join(parts)}.parquet")
    path.write_bytes(content)
    path.chmod(0o400)
    return path


def test_without_twins_there_is_nothing_to_check(installed: Path) -> None:
    assert look(dataset("colours")).status == "skipped"


def test_what_was_written_passes(twin: Path) -> None:
    for full in (False, True):
        assert look(dataset("colours"), full=full).status == "ok"


def test_a_byte_that_changed_in_the_cache_is_told(twin: Path) -> None:
    content = bytearray(twin.read_bytes())
    content[len(content) // 2] ^= 1
    twin.chmod(0o600)
    twin.write_bytes(content)
    twin.chmod(0o400)
    outcome = look(dataset("colours"))
    assert outcome.status == "failed"
    assert outcome.message == f"{twin} is not what was written"
    assert outcome.hint == "Run: microcosm-sqlite cache clear"


@pytest.mark.parametrize("change", ["value", "row", "more"])
def test_other_rows_are_told_in_full(twin: Path, tmp_path: Path, change: str) -> None:
    table = pq.read_table(twin)
    if change == "value":
        index = table.schema.get_field_index("code")
        table = table.set_column(index, "code", [["crimson", "navy", "black"]])
    elif change == "row":
        table = table.slice(1)
    else:
        index = table.schema.get_field_index("rowid")
        extra = table.slice(0, 1).set_column(index, "rowid", [[99]])
        import pyarrow as pa

        table = pa.concat_tables([table, extra])
    pq.write_table(table, tmp_path / "other.parquet")
    path = rewrite(twin, (tmp_path / "other.parquet").read_bytes())
    assert look(dataset("colours")).status == "ok"
    outcome = look(dataset("colours"), full=True)
    assert outcome.status == "failed"
    assert outcome.message == f"{path} has other rows than table shade"
