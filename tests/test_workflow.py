"""What GitHub runs is what ``.ci/run`` runs."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tests.matrix import VERSIONS
from tests.support.programs import run, tool

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def test_both_make_the_same_targets_on_the_same_pythons() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    made = set(jobs["check"]["strategy"]["matrix"]["target"])
    for job in jobs.values():
        for step in job["steps"]:
            made |= set(re.findall(r"(?<=\s)[a-z-]+(?=\s|$)", step.get("run", "")))
    wanted = re.findall(r"^make ([a-z-]+)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    # A job for each Python stands in place of the target that looks for them on one machine.
    assert made == set(wanted) - {"test-all"}
    assert tuple(jobs["test"]["strategy"]["matrix"]["python"]) == VERSIONS


def test_the_workflow_follows_its_schema_and_gives_no_rights_by_default() -> None:
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", WORKFLOW)
    assert yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["permissions"] == {}
