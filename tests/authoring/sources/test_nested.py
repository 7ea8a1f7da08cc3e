"""Objects within a field are rows, whatever source they are in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.source_options import CsvOptions, Nested
from microcosm_sqlite.authoring.sources.formats import choose_opener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance

OBJECTS = st.dictionaries(st.sampled_from("abc"), st.integers() | st.text("xyz"), max_size=3)
FIELDS = st.none() | OBJECTS | st.lists(OBJECTS, max_size=3)


@settings(max_examples=50)
@given(fields=st.lists(FIELDS, min_size=1, max_size=5), has_key=st.booleans())
def test_each_object_is_a_row_with_its_place(
    tmp_path_factory: Any, fields: list[Any], has_key: bool
) -> None:
    path: Path = tmp_path_factory.mktemp("nested") / "t.jsonl"
    rows = [{"id": f"k{n}", "inside": field} for n, field in enumerate(fields)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    by = {"key": {"id": "t_id"}} if has_key else {"row": "t_id"}
    nested = Nested(table="t", field="inside", position="place", **by)
    source = SourceFile(path, "t.jsonl#inside", "jsonl", nested=nested)
    expected = [
        (line, {"t_id": row["id"] if has_key else line, "place": place, **each})
        for line, row in enumerate(rows, start=1)
        for place, each in enumerate(_list(row["inside"]), start=1)
    ]
    with choose_opener(source, CsvOptions())(ignore_advance) as records:
        assert records.header[:2] == ["t_id", "place"]
        found = [(line, dict(zip(records.header, row, strict=True)))
                 for line, row in records.numbered()]  # fmt: skip
        assert records.is_empty == (not expected)
        assert sum(records.missing) == sum(len(records.header) - len(each) for _, each in expected)
    assert found == [(line, {**dict.fromkeys(records.header), **each}) for line, each in expected]


def _list(inside: Any) -> list[dict[str, Any]]:
    return [inside] if isinstance(inside, dict) else inside or []
