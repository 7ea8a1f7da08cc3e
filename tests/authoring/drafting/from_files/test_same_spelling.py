"""Values that are the same compare so, however their files spell them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder

START = datetime(2013, 1, 31, 10)
SPELLINGS: dict[str, Callable[[datetime], str]] = {
    "plain": str,
    "T": datetime.isoformat,
    "microseconds": lambda moment: f"{moment}.000000",
    "blanks": lambda moment: f" {moment}",
    "minutes": lambda moment: f"{moment:%Y-%m-%d %H:%M}",
    "a format": lambda moment: f"{moment:%d.%m.%Y %H:%M}",
}


@pytest.mark.parametrize(("parent", "child"), [*product(SPELLINGS, SPELLINGS)])
def test_moments_refer_to_those_that_are_spelled_otherwise(
    tmp_path: Path, parent: str, child: str
) -> None:
    moments = [START + timedelta(hours=n) for n in range(60)]
    shifts = [f"{SPELLINGS[parent](moment)},{n}" for n, moment in enumerate(moments)]
    events = [f"{n},{SPELLINGS[child](moments[n % 50])}" for n in range(200)]
    for name, lines in (("shifts", ["shift,x", *shifts]), ("events", ["id,shift", *events])):
        (tmp_path / f"{name}.csv").write_text("\n".join([*lines, ""]), "utf-8")
    tables = infer_folder(tmp_path).tables
    assert tables["events"].columns["shift"].reference == ("shifts", "shift")
