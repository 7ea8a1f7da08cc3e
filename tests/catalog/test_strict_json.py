"""JSON of strangers is read within bounds, and what exceeds them is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite import dataset, datasets
from microcosm_sqlite.catalog import strict_json
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.catalog.registry import problems
from microcosm_sqlite.errors import ManifestError
from tests.support.wheels import Wheel, describe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 33 + "]" * 33, "is nested more than 32 deep"),
        ('["]", ' + "[{}, " * 32 + "1" + "]" * 33, "is nested more than 32 deep"),
        ("[" * 100_000, "is not JSON"),
        ("NaN", "has the number NaN"),
        ("-Infinity", "has the number -Infinity"),
        (r'["\ud800"]', "is not JSON"),
        (b'["\xff"]', "is not JSON"),
        ("{", "is not JSON"),
        ("[" + "[]," * 1_000_001 + "1]", "has more than 2,000,000 values"),
        (b" " * (strict_json.MAX_BYTES + 1), "has 16,777,217 bytes, more than 16,777,216"),
    ],
)
def test_what_exceeds_a_bound_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        strict_json.parse(text)


@pytest.mark.parametrize("has_scanner", [True, False])
@given(text=st.text(' \t\n\\[]{}:,"01.eE-+tuNaIxé\ufeff', max_size=12))
def test_json_is_read_as_python_reads_it(text: str, has_scanner: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if not has_scanner:
            patch.setattr(strict_json, "_make_scanner", None)
        assert read(strict_json.parse, text) == read(json.loads, text)


def read(parse: Any, text: str) -> object:
    """The value, or that there is none; constants are no JSON, and no value equals a NaN."""
    try:
        value = parse(text)
    except ValueError:
        return ValueError
    return ValueError if "NaN" in text else value


@pytest.mark.parametrize(
    "value", ["x", 2**63 - 1, -(2**63), 1.5, None, True, {"a": [1, "é\U0001f600"]}]
)
def test_what_is_within_them_is_read(value: Any) -> None:
    assert strict_json.parse(json.dumps(value)) == value
    assert strict_json.parse(json.dumps(value, ensure_ascii=False).encode("utf-8-sig")) == value


def test_as_many_levels_as_promised_are_read() -> None:
    assert strict_json.parse("[" * 32 + "]" * 32)
    assert strict_json.parse('["[[{", ' + "[" * 31 + "]" * 32)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("licenses",), [{"name": 5}], "'name' is 5, not text"),
        (("sources",), [{"path": ["x"]}], "'path'"),
        (("contributors",), ["x"], "'contributors' holds 'x', which is not an object"),
        (("homepage",), 5, "'homepage'"),
        (("title",), "x" * 100_001, "'title' has 100,001 characters, more than 100,000"),
        (("resources", 0, "rowCount"), 2**63, "9223372036854775808"),
        (("resources", 0, "rowCount"), 10**4299, "'rowCount' is 1000"),
        (("resources", 0, "rowidRange"), [1, 10**4299], "which SQLite does not store"),
        (("resources", 0, "schema", "fields", 0, "valueRange"), [1, 2**63], "'valueRange'"),
        (("resources", 0, "schema", "fields", 0, "valueRange"), [1, 1e999], "Infinity"),
        (("resources", 0, "indexes"), [{"name": "i", "fields": [5]}], "not a list of names"),
        (("resources", 0, "schema", "fields", 0, "constraints"), {"enum": [{}]}, "'enum'"),
        (("resources", 0, "schema", "fields", 0, "constraints"), {"required": "no"}, "'required'"),
        (("resources", 0, "schema", "fields", 0, "constraints"), {"maxLength": "8"}, "'maxLength'"),
        ((EXTENSION, "bytes"), [list(range(100_000))], r"'bytes' is \[\[0, 1, .{,40}\.\.\.\]\]"),
    ],
)
def test_one_unfit_manifest_is_named_and_hides_no_other(
    site: Path, database: Path, place: tuple[str | int, ...], value: Any, message: str
) -> None:
    Wheel().carry(database).install(site)
    raw = describe(database, name="evil", package="evil_data")
    inner: Any = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    evil = Wheel("evil-data").enter("evil = evil_data:path")
    evil.put(f"{evil.info}/extra_metadata/datapackage.json", json.dumps(raw))
    evil.install(site)
    assert list(datasets()) == ["colours"]
    (problem,) = problems()
    assert (problem.dataset, problem.distribution) == ("evil", "evil-data")
    with pytest.raises(ManifestError, match=message):
        dataset("evil").manifest  # noqa: B018  # reading it is the check


def test_a_key_of_one_column_may_be_a_text(database: Path) -> None:
    raw = describe(database)
    key = {"fields": "a", "reference": {"resource": "t", "fields": "b"}}
    raw["resources"][0]["schema"]["foreignKeys"] = [key]
    (table, *_) = Manifest(raw).tables.values()
    (read,) = table.foreign_keys
    assert (read["fields"], read["reference"]["fields"]) == (["a"], ["b"])


MALFORMED = ["{", '{"a', '{"a"', '{"a":', '{"a":1', "[1", "[1,", '"\\x"', '"\x01"', "tru", ""]


def test_malformed_documents_are_told_where_json_was_not_imported_before() -> None:
    # In a process of its own, as pytest has imported it: CPython itself looks there for the error.
    program = f"""
import sys
from microcosm_sqlite.catalog import strict_json
for text in {MALFORMED!r}:
    for name in [name for name in sys.modules if name.partition(".")[0] == "json"]:
        del sys.modules[name]
    try:
        strict_json.parse(text)
    except ValueError as error:
        print(str(error).startswith("is not JSON"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["True"] * len(MALFORMED)
