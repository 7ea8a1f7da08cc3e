"""A project is scaffolded complete, where it was asked for, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.scaffold import questions, scaffold, template_directory
from microcosm_sqlite.errors import MissingDependencyError, SettingsError
from tests.support.programs import run

PROJECT_FILES = {
    ".copier-answers.yml",
    ".drafted.json",
    ".gitattributes",
    ".github/dependabot.yml",
    ".github/workflows/ci.yml",
    ".github/workflows/publish.yml",
    ".github/workflows/refresh.yml",
    ".github/workflows/site.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-DATA",
    "README.md",
    "pyproject.toml",
    "sources/blocks.csv",
    "sources/elements.csv",
    "src/birds_data/__init__.py",
    "src/birds_data/models.py",
    "src/birds_data/py.typed",
    "src/birds_data/stores.py",
    "tests/test_dataset.py",
    "tests/test_stores.py",
}


def list_files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_a_project_has_every_file_and_nothing_else(tmp_path: Path) -> None:
    project = scaffold(tmp_path / "birds-data")
    assert project == tmp_path / "birds-data"
    assert list_files(project) == PROJECT_FILES
    assert list_files(tmp_path) == {f"birds-data/{name}" for name in PROJECT_FILES}


@pytest.mark.parametrize("autocrlf", ["false", "true", "input"])
def test_a_clone_has_the_sources_as_their_author_has_them(tmp_path: Path, autocrlf: str) -> None:
    project = scaffold(tmp_path / "birds-data")
    lines = b'id,note\r\n1,"two\r\nlines"\r\n2,"one\nmore"\n3,"\r"\r\n'
    names = ["a.csv", "a.tsv", "a.txt", "a.psv", "a.jsonl", "a.ndjson", "deep/b.csv", "b.csv.gz"]
    for name in names:
        (project / "sources" / name).parent.mkdir(exist_ok=True)
        (project / "sources" / name).write_bytes(lines)

    def git(*arguments: str | Path) -> None:
        settings = (
            "-c",
            f"core.autocrlf={autocrlf}",
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@b.c",
        )
        run("git", *settings, *arguments, cwd=project)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    git("clone", "--quiet", project, tmp_path / "clone")
    for name in names:
        assert (tmp_path / "clone/sources" / name).read_bytes() == lines, name


def test_names_follow_from_the_directory_unless_they_are_given(tmp_path: Path) -> None:
    derived = (scaffold(tmp_path / "Birds.of-Prey_data") / ".copier-answers.yml").read_text()
    assert 'distribution: "Birds.of-Prey_data"\n' in derived
    assert 'package: "birds_of_prey_data"\n' in derived
    assert 'dataset: "birds_of_prey"\n' in derived
    given = scaffold(tmp_path / "anywhere", distribution="birds", package="birdy", dataset="b2")
    assert 'b2 = "birdy:path"' in (given / "pyproject.toml").read_text()
    assert 'name = "birds"' in (given / "pyproject.toml").read_text()


def test_a_relative_directory_below_missing_ones_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert scaffold("some/where/birds-data") == tmp_path / "some/where/birds-data"


def test_an_empty_directory_is_filled_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "birds-data"
    target.mkdir()
    monkeypatch.chdir(target)
    assert list_files(scaffold(".")) == PROJECT_FILES


def test_a_directory_with_anything_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "birds-data"
    target.mkdir()
    (target / ".hidden").write_text("mine")
    with pytest.raises(SettingsError, match="not empty; nothing was written"):
        scaffold(target)
    assert list_files(target) == {".hidden"}
    with pytest.raises(SettingsError, match="not a directory"):
        scaffold(target / ".hidden")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"datset": "birds"}, "no question 'datset'. Did you mean 'dataset'"),
        ({"compression": "gzip"}, "'gzip' is not a valid choice. Choose one of none, zstd"),
        ({"distribution": "class-data"}, "dataset: 'class' cannot be used"),
        ({"distribution": "json"}, "package: 'json' cannot be used"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused_before_anything_is_written(
    tmp_path: Path, answers: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        scaffold(tmp_path / "birds-data", **answers)
    assert list(tmp_path.iterdir()) == []


def test_without_cookiecutter_the_pip_line_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cookiecutter.generate", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'microcosm-sqlite\[new\]'"):
        scaffold(tmp_path / "birds-data")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_to_the_home_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    run_scaffold(tmp_path / "birds-data", HOME=str(home), USERPROFILE=str(home))
    assert list(home.iterdir()) == []


def test_the_template_is_found_in_an_installed_wheel(tmp_path: Path) -> None:
    checkout = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(installed)
    shipped = list_files(installed / "microcosm_sqlite" / "dataset_template")
    assert shipped == list_files(template_directory())
    project = tmp_path / "birds-data"
    told = run_scaffold(project, PYTHONPATH=str(installed))
    assert told == f"{installed / 'microcosm_sqlite' / 'dataset_template'}\n"
    assert list_files(project) == PROJECT_FILES


def test_the_questions_are_told_in_order_with_their_choices() -> None:
    asked = questions()
    assert list(asked)[:3] == ["distribution", "package", "dataset"]
    assert asked["title"] == ()
    assert asked["data_license"][0] == "CC-BY-4.0"


def run_scaffold(project: Path, **environment: str) -> str:
    """Scaffold in a process of its own; return where it found the template."""
    code = (
        "import sys; from microcosm_sqlite.authoring.drafting.scaffold import *; "
        "scaffold(sys.argv[1]); print(template_directory())"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(project)],
        env={**os.environ, **environment},
        cwd=project.parent,  # not the checkout, which `-c` would import from
        check=True,
        capture_output=True,
        text=True,
    ).stdout
