"""Each snippet of a card runs as it is printed, with what it says it needs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa

from microcosm_sqlite import dataset
from microcosm_sqlite.interop.card.snippets import list_snippets

ROOT = Path(__file__).parents[3]
ODD = sa.MetaData()
sa.Table('it\'s a "table"', ODD, sa.Column("id", sa.Integer, primary_key=True))
WORD = sa.MetaData()
sa.Table("order", WORD, sa.Column("id", sa.Integer, primary_key=True))


@pytest.mark.slow
def test_every_snippet_runs_as_it_is_printed(make, install):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    for metadata in (ODD, WORD):
        (name,) = metadata.tables
        rows = {name: [{"id": 4711}]}
        site = install(make(metadata, rows, name=f"n{len(name)}"), f"site{len(name)}")
        snippets = list(list_snippets(dataset(f"n{len(name)}")))
        assert len(snippets) == 6
        for snippet in snippets:
            for line in filter(None, (snippet.needs, snippet.code.split("\n")[0])):
                for extra in re.findall(r"microcosm-sqlite\[(\w+)\]", line):
                    assert extra in extras
                    assert shlex.split(line)[:2] == ["pip", "install"]
            if "Install" not in snippet.title:
                assert "4711" in run(snippet, site)
            assert snippet.code.count(".connect()") == snippet.code.count(".close()")


def run(snippet, site):
    # A connection that is left open is told of by Python 3.13 and later.
    command = [sys.executable, "-W", "error", "-c", snippet.code]
    if snippet.language == "shell":
        command = [sys.executable, "-m", *shlex.split(snippet.code)]
        command[2] = command[2].replace("-", "_")
    done = subprocess.run(
        command,
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
