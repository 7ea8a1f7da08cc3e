"""`card` and `browse` show a dataset in a browser."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.program import Program


def test_a_card_is_one_html_page_in_utf_8(program: Program) -> None:
    page = program.read("card", "birds")
    assert page.startswith("<!")
    assert page.rstrip().endswith("</html>")
    assert "Birds for tests" in page
    assert "Did you mean 'birds'?" in program.refuse("card", "bird", code=3)


def test_a_card_of_a_wheel_is_that_of_the_dataset_once_installed(
    program: Program, birds_wheel: Path
) -> None:
    assert program.read("card", birds_wheel) == program.read("card", "birds")
    assert "does not exist" in program.refuse("card", "none.whl")


def test_browsing_serves_the_datasets_until_it_is_interrupted(program: Program) -> None:
    pytest.importorskip("datasette")
    # What Datasette is made of warns of its own.
    lenient = program.with_variables({"PYTHONWARNINGS": "default"})
    process = lenient.start("browse", "birds", "--port", "0", "--no-open")
    assert process.stderr is not None
    told = ""
    while not (found := re.search(r"http://\S+", told)):
        line = process.stderr.readline()
        assert line, told
        told += line
    with urlopen(f"{found.group()}birds/families.json?_shape=array") as answer:
        assert b"Crows" in answer.read()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode in (0, 130)


def test_an_unknown_dataset_is_told_before_anything_is_served(program: Program) -> None:
    assert "'birds'" in program.refuse("browse", "bird", code=3)
    assert "--port" in program.refuse("browse", "--port", "70000", code=2)


def test_without_datasette_the_line_that_installs_it_is_told(program: Program) -> None:
    (program.home / "datasette.py").write_text("raise ModuleNotFoundError(name='datasette')\n")
    bare = program.with_variables({"PYTHONPATH": f"{program.home}:{program.site}"})
    assert "microcosm-sqlite[browse]" in bare.refuse("browse", "birds")
