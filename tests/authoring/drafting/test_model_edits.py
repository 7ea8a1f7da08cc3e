"""Edits of models: many at once write what one after the other would, and parse the module once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from microcosm_sqlite.authoring.drafting import model_edits
from microcosm_sqlite.authoring.drafting.code_layout import Imports
from microcosm_sqlite.authoring.drafting.model_edits import EditRefusedError, ModelText
from microcosm_sqlite.authoring.drafting.module_text import ModuleText

TEXT = '''"""Birds."""

from __future__ import annotations

from typing import Literal

from microcosm_sqlite import DataSet
from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

BirdOrder = Literal["owls", "passerines"]


class BirdData(DataSet, name="bird"):
    """Birds."""


class Bird(BirdData):
    """A row of the table birds."""

    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)  # mine
    name: Mapped[str] = mapped_column(String(20))
    order: Mapped[BirdOrder] = mapped_column()
    kin: Mapped[BirdOrder] = mapped_column()
    seen: Mapped[int] = mapped_column(Integer)
'''

DAY = "day: Mapped[dt.date | None] = mapped_column(Date)"
DATES = {"": {"datetime as dt"}, "sqlalchemy": {"Date"}}

EDITS: dict[str, Callable[[ModelText], None]] = {
    "length": lambda text: text.set_length("birds", "name", None),
    "width": lambda text: text.widen_integer("birds", "seen"),
    "meaning": lambda text: text.describe("birds", "seen", "How often", {"unit": "1"}),
    "labels": lambda text: text.add_labels("birds", "order", ["gulls"]),
    "more labels": lambda text: text.add_labels("birds", "kin", ["auks"]),
    "column": lambda text: text.add_column("birds", [f"    {DAY}"], Imports(DATES)),
    "table": lambda text: text.describe_table("birds", "All birds."),
}


@pytest.mark.parametrize("order", [*permutations(EDITS)][::97])
def test_many_edits_write_what_one_after_the_other_would(order: tuple[str, ...]) -> None:
    at_once, one_by_one = ModelText(TEXT), TEXT
    for name in order:
        EDITS[name](at_once)
        single = ModelText(one_by_one)
        EDITS[name](single)
        one_by_one = single.text
    assert at_once.text == one_by_one
    assert at_once.text == at_once.text
    assert len(at_once.edits) == len(EDITS)
    assert '"auks", "gulls", "owls", "passerines"' in at_once.text
    assert "from sqlalchemy import BigInteger, Date, Integer, Text\n" in at_once.text
    assert 'BigInteger, comment="How often", info={"unit": "1"}' in " ".join(at_once.text.split())


def test_a_module_is_parsed_once_for_many_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str) -> ModuleText:
        parsed.append(text)
        return ModuleText(text)

    monkeypatch.setattr(model_edits, "ModuleText", parse)
    text = ModelText(TEXT)
    for at in range(300):
        text.add_column("birds", [f"    n{at}: Mapped[int] = mapped_column(Integer)"], Imports())
    EDITS["length"](text)
    EDITS["labels"](text)
    lines = text.text.splitlines()
    assert [line.split(":")[0].strip() for line in lines[-300:]] == [f"n{at}" for at in range(300)]
    assert len(parsed) <= 3


def test_a_refused_edit_leaves_no_trace() -> None:
    text = ModelText(TEXT.replace("BirdOrder = ", "Text = 1\nBirdOrder = "))
    with pytest.raises(EditRefusedError, match="Text means something else there"):
        text.set_length("birds", "name", None)
    with pytest.raises(EditRefusedError, match="is not written as drafted"):
        text.widen_integer("birds", "id")
    with pytest.raises(EditRefusedError, match="no class with columns"):
        text.add_column("trees", [f"    {DAY}"], Imports(DATES))
    assert not text.edits
    assert text.text == TEXT.replace("BirdOrder = ", "Text = 1\nBirdOrder = ")
