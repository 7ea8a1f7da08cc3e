"""Enumerations and booleans need rows enough; others are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder


@pytest.mark.parametrize(
    ("texts", "labels", "is_told"),
    [
        (["north", "south"] * 20, ("north", "south"), False),
        (["north", "south"] * 19, (), True),
        (["A"] * 50 + ["B"] * 4, (), True),
        (["A", "B"] * 2, (), False),
        (["A"] * 50 + ["B"], (), False),
        (["A", "NA"] * 30, (), False),
    ],
)
def test_few_texts_are_labels_where_there_are_rows_enough(
    tmp_path: Path, texts: list[str], labels: tuple[str, ...], *, is_told: bool
) -> None:
    rows = [f"{number},{text}" for number, text in enumerate(texts)]
    (tmp_path / "birds.csv").write_text("\n".join(["id,side", *rows, ""]))
    column = infer_folder(tmp_path).tables["birds"].columns["side"]
    assert column.labels == labels
    assert any("say Literal" in each for each in column.suggestions) == is_told


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["true", "false"] * 5, "boolean"),
        (["true"] * 10, "boolean"),
        (["yes", "no"] * 5, "boolean"),
        (["no"] * 10, "text"),
        (["true", "false", "true"], "text"),
    ],
)
def test_words_for_true_and_false_are_booleans_where_there_are_rows_enough(
    tmp_path: Path, texts: list[str], kind: str
) -> None:
    rows = [f"{number},{text}" for number, text in enumerate(texts)]
    (tmp_path / "birds.csv").write_text("\n".join(["id,flag", *rows, ""]))
    column = infer_folder(tmp_path).tables["birds"].columns["flag"]
    assert column.kind == kind
    assert any("true or false everywhere" in each for each in column.suggestions) == (
        kind == "text"
    )
