"""Every extra is in the table of sizes, and the table counts what is installed."""

from __future__ import annotations

import re
from importlib.metadata import distribution

import pytest

from benchmarks import extras


def test_the_page_tells_of_every_extra_and_of_no_other() -> None:
    assert set(extras.PURPOSES) == {extras.NONE, *extras.list_extras()}
    lines = re.findall(r"^\| `?(\(none\)|\w+)`? +\|", extras.PAGE.read_text("utf-8"), re.MULTILINE)
    assert lines[1:] == list(extras.PURPOSES), "run python -m benchmarks.extras"


def test_a_line_tells_what_an_extra_adds() -> None:
    drawn = extras.draw(
        {
            extras.NONE: extras.Installed(10, 12_000_000),
            "arrow": extras.Installed(12, 162_500_000),
        }
    )
    assert drawn.splitlines()[3].endswith("| 12         | 162.5 MB | 2 packages, 150.5 MB |")


def test_the_files_of_a_distribution_are_added_up() -> None:
    assert 100_000 < extras.measure(distribution("click")) < 5_000_000


@pytest.mark.slow
def test_a_small_extra_is_installed_and_measured(capsys: pytest.CaptureFixture[str]) -> None:
    extras.main(["excel"])
    line = capsys.readouterr().out.splitlines()[-1]
    assert re.search(r"`excel` .*\| 1 package, ", line)
