"""Copier renders what cookiecutter renders, and carries later fixes into older projects."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from microcosm_sqlite.authoring.drafting.scaffold import questions, scaffold, template_directory

CHOICES = [(name, choice) for name, choices in questions().items() for choice in choices]


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file's content; without the answers that only Copier knows, and `new`'s digests."""
    tree = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    tree.pop(".drafted.json", None)
    lines = tree[".copier-answers.yml"].splitlines(keepends=True)
    only_copiers = (b"_commit:", b"_src_path:")
    tree[".copier-answers.yml"] = b"".join(
        line for line in lines if not line.startswith(only_copiers)
    )
    return tree


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize(("name", "choice"), CHOICES)
def test_both_tools_render_the_same_tree(tmp_path: Path, name: str, choice: str) -> None:
    answers = {"title": "Birds & bees: 'all'", "repository": "https://example.org/b"}
    answers |= {"data_license": "CC-BY-4.0", name: choice}
    project = scaffold(tmp_path / "birds-data", **answers)
    copier.run_copy(
        str(template_directory()),
        tmp_path / "copied",
        data={"distribution": "birds-data", **answers},
        defaults=True,
        quiet=True,
    )
    assert read_tree(tmp_path / "copied") == read_tree(project)


def test_both_tools_ask_the_same_questions() -> None:
    master: dict[str, Any] = json.loads((template_directory() / "cookiecutter.json").read_text())
    prompts = master["__prompts__"]
    asked = yaml.safe_load((template_directory() / "copier.yml").read_text())
    public = {name: asked[name] for name in asked if name[0] != "_" and name != "cookiecutter"}
    assert list(public) == list(questions())
    for name, question in public.items():
        prompt = prompts[name]
        choices = questions()[name]
        if isinstance(prompt, dict):
            assert question["help"] == prompt["__prompt__"]
            assert {value: label for label, value in question["choices"].items()} == {
                choice: prompt[choice] for choice in choices
            }
        else:
            assert question["help"] == prompt
            assert tuple(question.get("choices", ())) == choices


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("package", "birds-data"),
        ("dataset", "red birds"),
        ("title", 'The "birds"'),
        ("description", "C:\\birds"),
        ("author_name", '"'),
    ],
)
def test_what_would_break_a_file_is_refused_by_copier_too(
    tmp_path: Path, name: str, answer: str
) -> None:
    data = {"distribution": "birds-data", name: answer}
    with pytest.raises(ValueError, match=name):
        copier.run_copy(
            str(template_directory()), tmp_path / "p", data=data, defaults=True, quiet=True
        )
    assert not (tmp_path / "p" / "pyproject.toml").exists()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """This repository as Copier sees it: released once, with the template inside."""
    folder = tmp_path / "repository"
    shutil.copytree(template_directory(), folder / "dataset_template")
    shutil.copy(template_directory().with_name("copier.yml"), folder)
    git(folder, "init", "--quiet")
    commit(folder, "First")
    git(folder, "tag", "v1.0.0")
    return folder


def test_an_update_carries_a_fix_of_the_template_and_keeps_the_authors_work(
    tmp_path: Path, repository: Path
) -> None:
    project = tmp_path / "birds-data"
    answers = {"distribution": "birds-data"}
    copier.run_copy(str(repository), project, data=answers, defaults=True, quiet=True)
    assert read_tree(project) == read_tree(
        scaffold(tmp_path / "scaffolded" / "birds-data", data_license="CC-BY-4.0")
    )
    update_with_a_fix(project, repository)


def test_a_project_that_new_made_is_updated_once_it_says_where_from(
    tmp_path: Path, repository: Path
) -> None:
    project = scaffold(tmp_path / "birds-data")
    with (project / ".copier-answers.yml").open("a") as answers:
        answers.write(f"_src_path: {repository}\n_commit: v1.0.0\n")
    update_with_a_fix(project, repository)


def update_with_a_fix(project: Path, repository: Path) -> None:
    """Let a project and its template change, and the one follow the other."""
    git(project, "init", "--quiet")
    readme = project / "README.md"
    readme.write_text(readme.read_text() + "\nThe author's own words.\n")
    commit(project, "Mine")

    template = repository / "dataset_template" / "{{cookiecutter.distribution}}"
    changed = template / ".gitattributes"
    changed.write_text(changed.read_text() + "*.ods binary\n")
    commit(repository, "Fix")
    git(repository, "tag", "v1.1.0")
    copier.run_update(project, defaults=True, overwrite=True, quiet=True)

    assert (project / ".gitattributes").read_text().endswith("*.ods binary\n")
    assert readme.read_text().endswith("\nThe author's own words.\n")
    assert '_commit: "v1.1.0"' in (project / ".copier-answers.yml").read_text()
