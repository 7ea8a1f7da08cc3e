"""A year played through on real baseball tables: the next season takes two commands, no edit.

The tables are those of the package pybaseball, which pip fetches: teams by season since 1876, and
the outlines of stadiums.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.comparing.comparison import compare_datasets
from microcosm_sqlite.authoring.publishing.publication import check_publication
from microcosm_sqlite.catalog.opening import open_dataset
from tests.support.drafts import check_style
from tests.support.projects import build_wheel

PACKAGE = "pybaseball==2.2.7"
Rows = list[dict[str, str]]

pytestmark = [pytest.mark.slow, pytest.mark.once]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The tables of the package, without their first column, which numbers rows."""
    folder = tmp_path_factory.mktemp("package")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
    if subprocess.run([*command, PACKAGE], check=False, capture_output=True).returncode:
        pytest.skip(f"pip could not download {PACKAGE}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        texts = {
            name: archive.read(f"pybaseball/data/{name}.csv").decode()
            for name in ("fangraphs_teams", "mlbstadiums")
        }
    return {
        name: [{key: row[key] for key in row if key} for row in csv.DictReader(io.StringIO(text))]
        for name, text in texts.items()
    }


def write(file: Path, rows: Rows) -> None:
    file.parent.mkdir(exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "microcosm_sqlite", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_second_year_takes_two_commands(tables: dict[str, Rows], tmp_path: Path) -> None:
    """New labels, longer names, a column, rows and a table; then version 1.1 is fit to publish."""
    teams = [row for row in tables["fangraphs_teams"] if row["lgID"] != "FL"]
    modern = [row for row in teams if 1901 <= int(row["yearID"]) <= 2020]
    places = {
        row["team"]: {key: row[key] for key in ("team", "name", "location")}
        for row in tables["mlbstadiums"]
    }
    short = [row for row in places.values() if len(row["name"]) <= 13]
    write(
        tmp_path / "first/Teams.csv",
        [{key: row[key] for key in row if key != "teamIDretro"} for row in modern],
    )
    write(tmp_path / "first/stadium-names.csv", short)
    began = time.monotonic()
    licence = ["--data-license", "CC0-1.0", "--author-name", "The authors of this test"]
    run(tmp_path, "new", "baseball-data", "--from", "first", *licence)
    project = tmp_path / "baseball-data"
    for file in ("pyproject.toml", "CITATION.cff", "CHANGELOG.md"):
        text = (project / file).read_text("utf-8").replace("0.1.0", "1.0")
        (project / file).write_text(text, encoding="utf-8")
    card = project / "README.md"
    card.write_text(card.read_text("utf-8").replace("Say here ", "Here is "), encoding="utf-8")
    first = build_wheel(project)
    assert check_publication(project).ok
    first = first.rename(tmp_path / first.name)

    write(tmp_path / "second/Teams.csv", teams)
    write(tmp_path / "second/stadium-names.csv", [*places.values()])
    outline = ("team", "segment", "x", "y")
    points = [{key: row[key] for key in outline} for row in tables["mlbstadiums"]]
    write(tmp_path / "second/outlines.csv", points)
    second_year = time.monotonic()
    told = run(project, "refresh", "../second", "--apply", "--add")
    told += run(project, "release", str(first))
    seconds = time.monotonic() - second_year
    wheel = build_wheel(project)
    print(f"first year {second_year - began:.1f} s, two commands {seconds:.1f} s")

    assert "lgID: new in" in told
    assert "AA, UA, PL" in told
    assert "texts of up to" in told
    assert "teamIDretro: a new column" in told
    assert "outlines" in told
    assert "README.md" not in told, "the card needs no edit"
    assert wheel.name.startswith("baseball_data-1.1-")
    report = check_publication(project)
    assert report.ok, [each.message for each in report.findings]
    assert not {each.code for each in report.warnings} - {"P03", "P22"}
    check_style(project, tmp_path)
    sides = [open_dataset(str(each), str(tmp_path)) for each in (first, wheel)]
    found = compare_datasets(*sides)
    counts = {table.table: (table.old_rows, table.new_rows) for table in found.tables}
    assert counts == {
        "Teams": (len(modern), len(teams)),
        "stadium_names": (len(short), len(places)),
        "outlines": (None, len(points)),
    }
    assert (found.old_version, found.new_version, found.level) == ("1.0", "1.1", "minor")
