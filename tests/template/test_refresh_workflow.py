"""The workflow that takes new editions, run step by step in a project with git."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook

from microcosm_sqlite.authoring.drafting.draft import draft_project

ROWS = "".join(f"{at},Player {at},{('AL', 'NL')[at % 2]}\n" for at in range(1, 60))
CSV = f"id,name,league\n{ROWS}"
GH = """#!/bin/sh
printf '%s\\n' "$@" > "$RUNNER_TEMP/gh.txt"
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/players.csv").write_text(CSV)
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/players.csv"
        running.shutdown()


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def publish(project: Path, remote: Path) -> None:
    """Put a project into a repository, and that on a server."""
    git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "First version")
    git(project.parent, "init", "--quiet", "--bare", str(remote))
    git(project, "remote", "add", "origin", str(remote))
    git(project, "push", "--quiet", "origin", "main")


def run_workflow(project: Path, temporary: Path) -> str:
    """Run the steps of the workflow but for actions and pip, as a runner would."""
    for name in ("bin", "temp"):
        (temporary / name).mkdir(parents=True)
    (temporary / "bin/gh").write_text(GH)
    (temporary / "bin/gh").chmod(0o755)
    path = os.pathsep.join([str(temporary / "bin"), str(Path(sys.executable).parent)])
    output = temporary / "output"
    environment = {
        **os.environ,
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(temporary / "temp"),
        "GITHUB_OUTPUT": str(output),
        "GH_TOKEN": "token",
    }
    told = ""
    workflow = yaml.safe_load((project / ".github/workflows/refresh.yml").read_text("utf-8"))
    for step in workflow["jobs"]["refresh"]["steps"]:
        is_off = "if" in step and "found=true" not in output.read_text()
        if "run" not in step or "pip install" in step["run"] or is_off:
            continue
        shell = [sys.executable, "-c"] if step.get("shell") == "python" else ["bash", "-e", "-c"]
        done = subprocess.run(
            [*shell, step["run"]],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told += done.stdout
    return told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="The workflow runs on Linux")
def test_a_new_edition_becomes_a_pull_request(server: str, tmp_path: Path) -> None:
    project = draft_project(tmp_path / "ball-data", server).path
    remote = tmp_path / "remote.git"
    publish(project, remote)
    assert "There is no new edition." in run_workflow(project, tmp_path / "first")
    assert git(project, "status", "--porcelain") == ""

    rows = CSV.replace("1,Player 1,NL", "1,Player One,NL").replace("id,name", "id,name", 1)
    (tmp_path / "web/players.csv").write_text(f"{rows}60,A player of a long name indeed,FL\n")
    run_workflow(project, tmp_path / "second")
    branch = git(remote, "branch", "--list", "refresh-*").strip()
    assert branch == "refresh-0.2.0", "a longer text changes the schema"
    changed = git(remote, "diff", "--name-only", "main", branch).split()
    assert changed == [
        "CHANGELOG.md",
        "CITATION.cff",
        "pyproject.toml",
        "sources/players.csv",
        "src/ball_data/models.py",
    ]
    assert 'version = "0.2.0"' in git(remote, "show", f"{branch}:pyproject.toml")
    asked = (tmp_path / "second/temp/gh.txt").read_text()
    assert asked.startswith("pr\ncreate\n--title\nVersion 0.2.0 of the data\n")
    body = (tmp_path / "second/temp/summary.md").read_text("utf-8")
    assert "- id = `1`: name: `Player 1` → `Player One`" in body
    assert "- new: id = `60`" in body

    git(project, "switch", "--quiet", "main")
    assert "proposed already" in run_workflow(project, tmp_path / "third")


def test_it_is_off_until_an_address_is_named(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/players.csv").write_text(CSV)
    project = draft_project(tmp_path / "ball-data", tmp_path / "files").path
    assert run_workflow(project, tmp_path / "run") == "No address is named: nothing to do.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="The workflows run on Linux")
@pytest.mark.parametrize("name", ["refresh", "publish"])
def test_what_reads_the_sources_is_installed(tmp_path: Path, name: str) -> None:
    """Whoever runs the build itself needs the extras of the formats that the sources are in."""
    (tmp_path / "files").mkdir()
    book = Workbook()
    for row in (["id", "name"], [1, "a"], [2, "b"]):
        book.active.append(row)
    book.save(tmp_path / "files/birds.xlsx")
    project = draft_project(tmp_path / "birds-data", tmp_path / "files").path
    workflow = yaml.safe_load((project / f".github/workflows/{name}.yml").read_text("utf-8"))
    steps = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]
    (install,) = [run for run in steps if "pip install" in run]
    assert install.rstrip().endswith('-r "$RUNNER_TEMP/requires.txt"')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text(
        f'#!/bin/sh\n[ "$1" = -m ] || exec {sys.executable} "$@"\n'
    )
    (tmp_path / "bin/python").chmod(0o755)
    environment = {"RUNNER_TEMP": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", install], cwd=project, env=environment, check=True)
    assert "microcosm-sqlite[build,excel]" in (tmp_path / "requires.txt").read_text("utf-8")
