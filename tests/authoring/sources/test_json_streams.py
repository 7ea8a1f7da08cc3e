"""Documents of JSON are read part by part as they are read whole, wherever chunks end."""

from __future__ import annotations

import json
from io import StringIO
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources import json_streams
from microcosm_sqlite.authoring.sources.json_streams import JsonStream

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
chunks = st.sampled_from([1, 2, 5, 1 << 16])


@given(values=st.lists(values), indent=st.none() | st.integers(0, 2), chunk=chunks)
def test_arrays_and_objects_have_the_parts_that_were_written(
    values: list[object], indent: int | None, chunk: int
) -> None:
    keyed = {f"key {n}": value for n, value in enumerate(values)}
    with patch.object(json_streams, "CHUNK", chunk):
        assert [*JsonStream(StringIO(json.dumps(values, indent=indent))).read_array()] == values
        stream = JsonStream(StringIO(json.dumps(keyed, indent=indent)))
        assert {key: stream.read_value() for key in stream.read_keys()} == keyed
        assert stream.find_next() == ""


@pytest.mark.parametrize("chunk", [1, 1 << 16])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{1: 2}", "property name"),
        ('{"a" 2}', "Expecting ':'"),
        ('{"a": 1', "the end of the object"),
        ('{"a": 1,}', "property name"),
        ('{"a": 1, "a": 2}', "'a' is there twice"),
        ("[]", "Expecting '{'"),
    ],
)
def test_what_is_no_object_is_refused(text: str, told: str, chunk: int) -> None:
    with patch.object(json_streams, "CHUNK", chunk):
        stream = JsonStream(StringIO(text))
        with pytest.raises(ValueError, match=told):
            _ = {key: stream.read_value() for key in stream.read_keys()}
