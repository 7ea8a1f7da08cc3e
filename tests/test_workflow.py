"""What GitHub runs is what ``.ci/run`` runs, and nobody else decides what that is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from microcosm_sqlite.authoring.drafting.scaffold import scaffold
from tests.matrix import VERSIONS
from tests.support.programs import run, tool

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
LATER = ["3.0.0", "3.1.0a1", "3.1.0", "4.0.0.dev1", "4.0.0"]


@pytest.fixture(scope="module", params=["this project", "a drafted project"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "this project":
        return ROOT
    return scaffold(tmp_path_factory.mktemp("drafts") / "birds-data")


def read(project: Path, file: str) -> Any:
    return yaml.safe_load((project / ".github" / file).read_text(encoding="utf-8"))


def find_step(job: dict[str, Any], words: str) -> int:
    told = [str(step.get("run", step.get("uses"))) for step in job["steps"]]
    return next(number for number, step in enumerate(told) if words in step)


def test_both_make_the_same_targets_on_the_same_pythons() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    made = set(jobs["check"]["strategy"]["matrix"]["target"])
    for job in jobs.values():
        for step in job["steps"]:
            if step.get("run", "").startswith("make "):
                made |= set(re.findall(r"(?<=\s)[a-z-]+(?=\s|$)", step["run"]))
    wanted = re.findall(r"^make ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    # A job for each Python stands in place of the target that looks for them on one machine.
    assert made == set(wanted) - {"test-versions"}
    assert tuple(jobs["test"]["strategy"]["matrix"]["python"]) == VERSIONS


def test_dependencies_are_tried_on_each_system_and_python() -> None:
    job = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["dependencies"]
    matrix = job["strategy"]["matrix"]
    assert tuple(matrix["python"]) == VERSIONS
    assert {system.partition("-")[0] for system in matrix["system"]} == {
        "macos",
        "ubuntu",
        "windows",
    }
    assert {trial["python"] for trial in matrix["include"]} >= {"3.14t"}
    assert any("tests/matrix.py dependencies here" in step.get("run", "") for step in job["steps"])


def test_workflows_follow_their_schema_and_give_no_rights_by_default(project: Path) -> None:
    files = sorted((project / ".github" / "workflows").iterdir())
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)
    for file in files:
        assert read(project, f"workflows/{file.name}")["permissions"] == {}


def test_every_action_is_pinned_by_its_commit(project: Path) -> None:
    for file in (project / ".github" / "workflows").iterdir():
        used = re.findall(r"uses: .*", file.read_text(encoding="utf-8"))
        assert used
        assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_updates_of_actions_and_packages_are_proposed_after_a_while(project: Path) -> None:
    file = project / ".github" / "dependabot.yml"
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", file)
    updates = read(project, "dependabot.yml")["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"github-actions", "pip"}
    assert all(each["cooldown"]["default-days"] >= 7 for each in updates)


def test_only_what_was_checked_is_published_and_nothing_is_built_with_its_rights(
    project: Path,
) -> None:
    jobs = read(project, "workflows/publish.yml")["jobs"]
    build, publish = jobs["build"], jobs["publish"]
    checks = ["twine check --strict"]
    if project != ROOT:
        checks += ["microcosm-sqlite verify --full", "microcosm-sqlite check"]
    builds = "python -m build" if project == ROOT else "microcosm-sqlite build --quiet --wheels"
    order = ["tomllib", builds, *checks, "actions/upload-artifact"]
    found = [find_step(build, words) for words in order]
    assert found == sorted(found)
    assert build["permissions"] == {"contents": "read"}
    assert publish["needs"] == ["build"]
    assert publish["permissions"]["id-token"] == publish["permissions"]["attestations"] == "write"
    assert [step for step in publish["steps"] if "run" in step] == []
    assert find_step(publish, "actions/attest") < find_step(publish, "gh-action-pypi-publish")


def test_shards_are_published_before_the_wheel_that_requires_them(project: Path) -> None:
    if project == ROOT:
        pytest.skip("this project has none")
    steps = read(project, "workflows/publish.yml")["jobs"]["publish"]["steps"]
    shards, whole = (each for each in steps if "gh-action-pypi-publish" in each["uses"])
    assert shards["with"] == {"packages-dir": "dist/shards", "skip-existing": True}
    assert shards["if"] == "hashFiles('dist/shards/*.whl') != ''"
    assert "with" not in whole


@pytest.mark.parametrize(("tag", "code"), [("{}", 0), ("v{}", 0), ("v{}.1", 1), ("main", 1)])
def test_a_tag_of_another_version_ends_the_workflow(project: Path, tag: str, code: int) -> None:
    build = read(project, "workflows/publish.yml")["jobs"]["build"]
    step = build["steps"][find_step(build, "tomllib")]
    assert step["env"]["TAG"] == "${{ github.ref_name }}"
    about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    done = subprocess.run(
        [sys.executable, "-c", step["run"]],
        env={"TAG": tag.format(about["version"])},
        check=False,
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert bool(code) == ("The tag is" in done.stderr)


def test_data_wheels_take_no_later_pre_release(project: Path) -> None:
    folder = ROOT / "examples" / "nycflights13-data" if project == ROOT else project
    about = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    wanted = list(map(Requirement, about["project"]["dependencies"]))
    assert [each.name for each in wanted] == ["microcosm-sqlite"]
    if not Version(
        version("microcosm-sqlite")
    ).is_prerelease:  # or its own builds would not find it
        wanted += map(Requirement, about["build-system"]["requires"])
    for each in wanted:
        if each.name == "microcosm-sqlite":
            assert list(each.specifier.filter(LATER)) == ["3.0.0", "3.1.0"]
            assert each.specifier.contains(version("microcosm-sqlite"), prereleases=True)
