"""Hot paths take no more instructions and memory than the kept baseline allows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.instructions.baseline import BASELINE, _versions, compare, keep, load
from benchmarks.instructions.contests import Contest

ROOT = Path(__file__).parents[2]
CONTEST = Contest("a row", "row", "sqlite3", "get")


def figures(ours: float) -> dict[tuple[str, str], float]:
    return {("ours", "row"): ours, ("sqlite3", "get"): 100.0}


@pytest.mark.parametrize(
    ("ours", "memory", "told"),
    [
        (200, 1000, []),
        (209, 1049, []),
        (211, 1000, ["ratio of a row against sqlite3: get: 2.11, but the baseline is 2.0"]),
        (200, 1051, ["bytes of row: 1051, but the baseline is 1000"]),
    ],
)
def test_a_path_that_costs_over_five_percent_more_is_named(
    ours: float, memory: int, told: list[str]
) -> None:
    baseline = {
        **_versions(),
        "ratio": {"a row against sqlite3: get": 2.0},
        "bytes": {"row": 1000},
    }
    found = compare([CONTEST], figures(ours), {"row": memory}, baseline)
    assert [line.partition(" and allows")[0] for line in found] == told


def test_other_versions_are_allowed_more() -> None:
    baseline = {
        "python": "2.7",
        "sqlalchemy": "0.1",
        "ratio": {"a row against sqlite3: get": 2.0},
        "bytes": {"row": 1000},
    }
    assert compare([CONTEST], figures(240), {"row": 1200}, baseline) == []
    assert len(compare([CONTEST], figures(260), {"row": 1300}, baseline)) == 2


def test_what_is_kept_is_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.instructions.baseline.BASELINE", tmp_path / "baseline.json")
    keep([CONTEST], figures(200), {"row": 1000})
    assert compare([CONTEST], figures(200), {"row": 1000}, load()) == []
    assert BASELINE.exists()


@pytest.mark.heavy
@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_hot_paths_cost_what_they_did() -> None:
    command = [sys.executable, "-m", "benchmarks.instructions", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
