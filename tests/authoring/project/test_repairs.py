"""Repairs are a file of the project, which is read as it was written or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.repairs import (
    KINDS,
    Repair,
    count_kinds,
    read_repairs,
    write_repairs,
)
from microcosm_sqlite.errors import SettingsError

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=30)
repairs = st.builds(
    Repair.of,
    st.integers(1, 99),
    st.sampled_from(sorted(KINDS)),
    st.lists(texts, min_size=1, max_size=4) | st.just(["x" * 3000]),
    st.lists(texts, max_size=3),
)


@given(repair=repairs, source=texts.filter(bool))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, repair: Repair, source: str
) -> None:
    path = tmp_path_factory.mktemp("project") / "repairs.toml"
    later = Repair.of(repair.line + repair.lines, "footer", ["the end"])
    path.write_text(write_repairs({source: (later, repair)}), "utf-8")
    assert read_repairs(path) == {source: (repair, later)}


@given(st.lists(texts, min_size=1, max_size=3), texts)
def test_a_repair_is_for_the_text_that_it_was_made_of(lines: list[str], other: str) -> None:
    for texts in (lines, [*lines, "x" * 3000]):
        repair = Repair.of(1, "footer", [f"{text}\r\n" for text in texts])
        read = "\n".join(texts)
        assert repair.is_for(read)
        assert repair.is_for(other) is (other == read)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[repairs]]\nline = 1\nkind = 'units'", "`repairs[0].source` of repairs.toml is req"),
        ("[[repairs]]\nsource = 'a'\nkind = 'x'", "must be one of byte-order-mark, "),
        ("[[repairs]]\nsource = 'a'\nkind = 'units'\nline = 0", "whole number above zero"),
        ("[[repairs]]\nsource = 'a'\nkind = 'units'\nbecome = []", "Did you mean `becomes`"),
        ("[[repairs]]\nsource = 'a'\nkind = 'units'\nlines = 2\n" * 2, "two repairs are for line"),
        ("[repairs", "cannot be read"),
        ("repair = []", "`repair` of repairs.toml does not exist"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "repairs.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        read_repairs(path)
    assert told in str(raised.value)
    path.unlink()
    assert read_repairs(path) == {}


def test_kinds_are_counted() -> None:
    made = [Repair.of(n, kind, ["x"]) for n, kind in enumerate(["units", "footer", "units"], 1)]
    assert count_kinds(made) == {"footer": 1, "units": 2}


def test_each_kind_is_in_the_reference() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
    told = page.read_text("utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in told] == []
