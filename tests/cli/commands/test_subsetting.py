"""`subset` tells sizes, writes a dataset that verifies, and refuses what it cannot use."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.program import Program


def test_a_subset_is_written_and_verified(program: Program, birds_wheel: Path) -> None:
    for name, folder in (("birds", "a"), (str(birds_wheel), "b")):
        done = program.run(
            "subset", name, "--rows", "1", "--tables", "birds",
            "--where", 'birds: family = "CORV"', "-o", folder,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "birds: 1 of 3 rows, about " in done.stderr
        assert "families: 1 of 2 rows, about " in done.stderr
        path = done.stdout.strip()
        assert path == f"{folder}/birds.db"
        assert "checks passed" in program.read("verify", path, "--full")
        shown = program.home / folder / "datapackage.json"
        edition = json.loads(shown.read_text("utf-8"))["microcosm-sqlite"]["edition"]
        assert edition["recipe"]["where"] == {"birds": 'family = "CORV"'}


def test_what_cannot_be_used_is_refused(program: Program) -> None:
    assert "has no table 'bird'" in program.refuse(
        "subset", "birds", "--rows", "1", "--tables", "bird"
    )
    condition = ("--where", "birds: nam = 'x'", "-o", "x")
    assert "no such column: nam" in program.refuse("subset", "birds", "--rows", "1", *condition)
    assert "is not a condition" in program.refuse("subset", "birds", "--rows", "1", "--where", "x")
    assert "colours" in program.refuse("subset", "colour", "--rows", "1", code=3)
