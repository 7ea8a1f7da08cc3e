"""The page "Try it in your browser" answers SQL there, and says why where it was built without."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import prepare_try_it
from tests.docs.page import read_blocks
from tests.support.browser import SCREENSHOTS, find_barriers, launch, serve

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "try-it.md"


def build_site(folder: Path) -> Path:
    """Build the page, with what it is built with and no other page."""
    pytest.importorskip("sphinx")
    docs = folder / "docs"
    for file in ("conf.py", "_static/try-it.js", "images/social.png", "how-to/try-it.md"):
        (docs / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "docs" / file, docs / file)
    (docs / "how-to/work-in-the-browser.md").write_text("---\norphan: true\n---\n# Elsewhere\n")
    (docs / "index.md").write_text("# Home\n\n```{toctree}\nhow-to/try-it\n```\n")
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "-q", docs, folder / "html"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "html"


@pytest.mark.slow
def test_without_pyodide_the_page_says_so(tmp_path: Path) -> None:
    page = (build_site(tmp_path) / "how-to" / "try-it.html").read_text("utf-8")
    assert "has no copy of Pyodide" in page
    assert "try-it.js" not in page


def test_without_npm_nothing_is_prepared_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare_try_it, "NPM", tmp_path / "npm")
    monkeypatch.setattr(prepare_try_it, "FOLDER", tmp_path / "try-it")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "try-it").mkdir()
    prepare_try_it.main()
    assert "npm gave no pyodide" in capsys.readouterr().out
    assert not (tmp_path / "try-it").exists(), "what an earlier build left"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site with the page and what it loads, on this machine."""
    if prepare_try_it.fetch_pyodide() is None:
        pytest.skip("npm gives no pyodide here")
    monkeypatch.setattr(prepare_try_it, "FOLDER", tmp_path / "build" / "try-it")
    prepare_try_it.main()
    with serve(build_site(tmp_path)) as served:
        yield f"{served}/how-to/try-it.html"


ODD = [
    ("", "The statement has no result."),
    ("SELECT 1e999, 9007199254740993, x'00ff', CAST(x'41' AS TEXT)", "9007199254740993\t<2 bytes>"),
    ("SELECT CAST(x'ff' AS TEXT)", "not UTF-8"),
    ("SELECT zeroblob(1000000000)", "too big"),
    ("SELECT number FROM elements", "Only the first 100 rows are shown"),
    ("WITH t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t", "5 seconds"),
    ("SELECT count(*) FROM elements", "118"),
]
"""Statements that once left the page silent, or the tab busy for ever, and what is shown."""


@pytest.mark.heavy
def test_a_reader_asks_the_dataset_in_the_browser(address: str) -> None:
    with launch() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 800})
        page.goto(address)
        assert find_barriers(page) == []
        page.get_by_role("button", name="Load Python and the dataset").click()
        page.get_by_text("is open, with Python and SQLite").wait_for(timeout=120_000)
        page.get_by_role("button", name="Run").click()
        answer = page.get_by_role("region", name="Answer")
        assert answer.get_by_role("row").count() == 6
        assert "Uranium" in answer.inner_text()
        box = page.get_by_label("SQL on the tables")
        box.fill("SELECT nam FROM elements")
        page.get_by_role("button", name="Run").click()
        assert "Did you mean 'name'?" in page.locator("#try-status").inner_text()
        box.fill("SELECT '<b>bold</b>' AS html, NULL AS empty")
        page.get_by_role("button", name="Run").click()
        assert answer.inner_text().split() == ["html", "empty", "<b>bold</b>", "NULL"]
        box.fill("DELETE FROM elements")
        page.get_by_role("button", name="Run").click()
        assert "read-only" in page.locator("#try-status").inner_text()
        for sql, told in ODD:
            box.fill(sql)
            page.get_by_role("button", name="Run").click()
            said = page.locator("#try-status").inner_text() + answer.inner_text()
            assert told in said, sql
        assert find_barriers(page) == []
        page.screenshot(path=SCREENSHOTS / "try-it.png", full_page=True)


def test_the_program_of_the_page_is_what_the_page_shows() -> None:
    (shown,) = [block.body for block in read_blocks(PAGE) if block.kind == "python"]
    script = (ROOT / "docs" / "_static" / "try-it.js").read_text("utf-8")
    for line in ("import microcosm_sqlite", 'elements = microcosm_sqlite.dataset("elements")'):
        assert line in shown
        assert line in script
