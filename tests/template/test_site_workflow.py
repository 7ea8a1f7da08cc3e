"""The workflow that publishes the card: off by default, and run step by step in a project."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from microcosm_sqlite.authoring.drafting.scaffold import scaffold
from tests.support.markup import Elements
from tests.support.projects import build_wheel


def read_jobs(project: Path) -> dict[str, Any]:
    text = (project / ".github/workflows/site.yml").read_text("utf-8")
    jobs: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return jobs


def test_it_is_off_until_asked_for_and_builds_without_the_right_to_publish(tmp_path: Path) -> None:
    jobs = read_jobs(scaffold(tmp_path / "birds-data"))
    build, publish = jobs["build"], jobs["publish"]
    assert build["if"] == "vars.PUBLISH_SITE == 'true'"
    assert publish["needs"] == ["build"]
    assert build["permissions"] == {"contents": "read"}
    assert publish["permissions"] == {"id-token": "write", "pages": "write"}
    assert [step for step in publish["steps"] if "run" in step] == []
    upload = build["steps"][-1]
    assert "actions/upload-pages-artifact@" in upload["uses"]
    assert f"--output {upload['with']['path']}" in build["steps"][-2]["run"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="The workflow runs on Linux")
def test_its_pages_are_the_card_and_a_list(tmp_path: Path) -> None:
    # What the shell would expand stays in the files of the project.
    project = scaffold(tmp_path / "birds-data", title="Birds $(id) `id` & <more>")
    site = tmp_path / "site"
    with zipfile.ZipFile(build_wheel(project)) as wheel:
        wheel.extractall(site)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(site),
    }
    for step in read_jobs(project)["build"]["steps"]:
        if "run" in step and "pip install" not in step["run"]:
            command = ["bash", "-e", "-c", step["run"]]
            subprocess.run(command, cwd=project, env=environment, check=True)
    pages = sorted((project / "public").iterdir())
    assert [page.name for page in pages] == ["birds.html", "index.html"]
    for page in pages:
        assert "Birds $(id) `id` & <more>" in Elements(page.read_text("utf-8")).text
