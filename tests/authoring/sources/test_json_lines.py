"""JSON Lines give the objects that were written, and say on which line something is wrong."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources import json_lines, json_streams
from microcosm_sqlite.authoring.sources.json_lines import JsonLinesOpener, holds_objects
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
objects = st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=2), values), max_size=8)


@contextmanager
def read_by(chunk: int) -> Iterator[None]:
    """Read so many characters together."""
    with patch.object(json_lines, "CHUNK", chunk), patch.object(json_streams, "CHUNK", chunk):
        yield


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


def test_a_sequence_of_json_texts_is_read_as_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('\x1e{"a": 1}\n\x1e{"a": "\\u001e"}\n', "utf-8")
    with open_file(path)() as records:
        assert list(records.numbered()) == [(1, [1]), (2, ["\x1e"])]


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


@settings(max_examples=50)
@given(
    objects=objects, indent=st.none() | st.integers(0, 2), chunk=st.sampled_from([1, 7, 1 << 16])
)
def test_one_array_of_objects_is_read_as_lines_are(
    tmp_path_factory: pytest.TempPathFactory,
    objects: list[dict[str, object]],
    indent: int | None,
    chunk: int,
) -> None:
    path = tmp_path_factory.mktemp("array") / "rows.json"
    path.write_text(json.dumps(objects, indent=indent), "utf-8")
    with read_by(chunk), open_file(path)() as records:
        rows = [dict(zip(records.header, row, strict=True)) for row in records]
    assert rows == [dict.fromkeys(records.header) | each for each in objects]


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[{"a": 1}', 1, "the end of the array"),
        ('[{"a": 1},\n]', 2, "Expecting value"),
        ('[{"a": 1},\n\n3]', 3, "not an object"),
        ('[\n {"a": 1},\n {"a": }\n]', 3, "Expecting value"),
        ('[{"a": 1},\n {"a": 1, "a": 2}]', 2, "'a' is there twice"),
        ('[{"a": NaN}]', 1, "NaN"),
        ('[{"a": 1}] x', 1, "the end of the array"),
        ('[["a"], [1]]', 1, "not an object"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 1 << 16])
def test_what_is_wrong_in_an_array_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, told: str, chunk: int
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, "utf-8")
    place = rf"^rows\.jsonl, line {line}: "
    with (
        read_by(chunk),
        pytest.raises(SourceError, match=place) as caught,
        open_file(path)(),
    ):
        pass
    assert told in caught.value.message


ARRAY_CURES = {
    '[{"a": 1},]': ("Remove the comma too many.", '[{"a": 1}]'),
    '[{"a": 1,}]': ("Remove the comma too many.", '[{"a": 1}]'),
    '[{"a": 1}]\n[{"a": 2}]': ("Write all objects into one array.", '[{"a": 1}, {"a": 2}]'),
    '[{"a": 1}, {"a"': ("It ends there.", '[{"a": 1}, {"a": 2}]'),
    '[{"a": 1}, 2]': ("The file must be one array of objects", '[{"a": 1}, {"a": 2}]'),
    "[{'a': 1}]": ("The file must be one array of objects", '[{"a": 1}]'),
    '[{"a": NaN}]': ("Write null for it.", '[{"a": null}]'),
}


@pytest.mark.parametrize("text", ARRAY_CURES)
def test_advice_on_an_array_helps(tmp_path: Path, text: str) -> None:
    told, cured = ARRAY_CURES[text]
    path = tmp_path / "rows.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SourceError) as caught, open_file(path)():
        pass
    assert told in caught.value.hint
    path.write_text(cured, "utf-8")
    with open_file(path)() as records:
        assert records.header == ["a"]


def test_an_array_on_one_line_takes_no_more_memory_than_its_objects(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    row = json.dumps({"number": -1.50, "text": "x" * 500})
    path.write_text(f"[{', '.join([row] * 20_000)}]", "utf-8")
    with open_file(path)() as records:
        tracemalloc.start()
        assert sum(1 for _ in records) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2 << 20 < path.stat().st_size // 4


@pytest.mark.parametrize(
    ("text", "is_told"),
    [(' [ {"a": 1}]', True), ("[]", True), ("[[1]]", False), ('{"a": 1}', False), ("[1", False)],
)
def test_only_an_array_of_objects_is_a_source_where_files_are_called_json(
    tmp_path: Path, text: str, is_told: bool
) -> None:
    (tmp_path / "t.json").write_text(text, "utf-8")
    assert holds_objects(tmp_path / "t.json") == is_told


CURES: dict[str, tuple[str, str]] = {
    '{"a": 1},': ("Remove the comma behind it.", '{"a": 1}'),
    '{"a": 1,}': ("Remove the comma too many.", '{"a": 1}'),
    '\ufeff{"a": 1}': ("Delete it.", '{"a": 1}'),
    '{"a": NaN}': ("Write null for it.", '{"a": null}'),
    '{"a": 1, "a": 2}': ("Rename one of the two.", '{"a": 1, "b": 2}'),
    '{"a": "\\ud83d"}': ("Write both halves", '{"a": "\\ud83d\\ude00"}'),
    '{"a": 1e99999999999999999999}': ("or as null", '{"a": null}'),
    "[1]": ("Each line must be one JSON object", '{"a": 1}'),
}


@pytest.mark.parametrize("line", CURES)
def test_following_a_hint_makes_a_line_an_object(tmp_path: Path, line: str) -> None:
    hint, cured = CURES[line]
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"a": 0}}\n{line}\n', "utf-8")
    with pytest.raises(SourceError, match=r"^rows\.jsonl, line 2: ") as caught, open_file(path)():
        pass
    assert hint in caught.value.hint
    path.write_text(f'{{"a": 0}}\n{cured}\n', "utf-8")
    with open_file(path)() as records:
        assert len([*records]) == 2


def test_numbers_remember_how_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    written = ["1.10", "1E1", "1e999", "0.30000000000000004441", "-0", "-0.0", "1.5"]
    path.write_text("".join(f'{{"a": {number}}}\n' for number in written), "utf-8")
    with open_file(path)() as records:
        assert [str(value) for (value,) in records] == [*written[:4], "-0.0", "-0.0", "1.5"]
