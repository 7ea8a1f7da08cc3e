"""JSON Lines give the objects that were written, and say on which line something is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources.json_lines import JsonLinesOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=2), values), max_size=8)


def open_file(path: Path) -> JsonLinesOpener:
    """An opener of the file."""
    return JsonLinesOpener(SourceFile(path, path.name, "jsonl"))


@settings(max_examples=50)
@given(objects=objects, is_ascii=st.booleans(), blank=st.sampled_from(["", " ", "\n"]))
def test_every_object_is_a_row_with_the_keys_of_all(
    tmp_path_factory: pytest.TempPathFactory,
    objects: list[dict[str, object]],
    is_ascii: bool,
    blank: str,
) -> None:
    path = tmp_path_factory.mktemp("lines") / "rows.jsonl"
    lines = [json.dumps(each, ensure_ascii=is_ascii) + blank for each in objects]
    path.write_text("\n".join(lines), "utf-8", newline="")
    with open_file(path)() as records:
        assert records.is_empty == (not objects)
        assert records.header == list(dict.fromkeys(key for each in objects for key in each))
        rows = [dict(zip(records.header, row, strict=True)) for row in records]
    assert rows == [dict.fromkeys(records.header) | each for each in objects]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ('{"a": {"b": 1, "b": 2}}', "'b' is there twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": "\\ud800"}', "half of a character"),
        ('{"a": ["\\udfff"]}', "half of a character"),
        ("[1]", "not an object"),
        ("null", "not an object"),
        ('{"a": 1', "line 3"),
        ("[" * 100_000, "line 3"),
    ],
)
def test_what_is_no_object_or_has_no_one_meaning_is_refused_with_its_line(
    tmp_path: Path, line: str, told: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"a": 0}}\n\n{line}\n', "utf-8")
    with pytest.raises(SourceError, match=r"^rows\.jsonl, line 3: ") as caught, open_file(path)():
        pass
    assert told in caught.value.message
    assert caught.value.line == 3


def test_pairs_of_halves_are_characters(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "\\ud83d\\ude00"}\n', "utf-8")
    with open_file(path)() as records:
        assert list(records) == [["\N{GRINNING FACE}"]]


def test_one_array_of_objects_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('[{"a": 1},\n {"a": 2}]\n', "utf-8")
    with pytest.raises(SourceError) as caught, open_file(path)():
        pass
    assert "jq -c '.[]' rows.jsonl" in caught.value.hint
