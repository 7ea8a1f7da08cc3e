"""Answers that are accepted make a project whose every file can be read by what reads it."""

from __future__ import annotations

import ast
import re
import tempfile
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.licenses import canonicalize_license_expression

from microcosm_sqlite.authoring.drafting.scaffold import questions, scaffold, validate_answers
from microcosm_sqlite.errors import SettingsError

BAD = [
    ("distribution", ""),
    ("distribution", "-birds"),
    ("distribution", "birds-"),
    ("distribution", "2birds"),
    ("distribution", "birds data"),
    ("distribution", "vögel"),
    ("distribution", "../birds"),
    ("distribution", "birds\n"),
    ("package", "birds-data"),
    ("package", "Birds"),
    ("package", "import"),
    ("package", "sqlite3"),
    ("package", "microcosm_sqlite"),
    ("dataset", "main"),
    ("dataset", "TEMP"),
    ("dataset", "class"),
    ("dataset", "a-b"),
    ("dataset", "_a"),
    ("dataset", "d" * 33),
    ("package", "p" * 51),
    ("title", ""),
    ("title", 'The "birds"'),
    ("title", "C:\\birds"),
    ("title", "two\nlines"),
    ("title", " birds"),
    ("title", "{{ birds }}"),
    ("description", "birds in {% braces"),
    ("author_name", "{#"),
    ("author_email", "nobody"),
    ("author_email", "a b@example.org"),
    ("repository", "github.com/birds"),
    ("repository", "https://example.org/a b"),
    ("data_license", "WTFPL"),
    ("data_license", ""),
]


@pytest.mark.parametrize(("name", "answer"), BAD)
def test_what_cannot_be_used_is_refused_with_what_to_give_instead(name: str, answer: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: ") as caught:
        validate_answers({name: answer}, questions())
    assert re.match(r"(Give|Choose one of) .+\.$", caught.value.hint)


def texts(rule: str) -> st.SearchStrategy[str]:
    return st.from_regex(rule, fullmatch=True)


words = st.text(
    st.characters(exclude_characters='"\\', exclude_categories=["C", "Z"]), min_size=1, max_size=12
)
sentences = st.lists(words, min_size=1, max_size=6).map(" ".join)


def is_accepted(name: str, answer: str) -> bool:
    try:
        validate_answers({name: answer}, questions())
    except SettingsError:
        return False
    return True


def accepted(name: str, strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return strategy.filter(lambda answer: is_accepted(name, answer))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "distribution": accepted(
                "distribution", texts(r"[A-Za-z]([A-Za-z0-9._-]{0,40}[a-z0-9])?")
            ),
            "package": accepted("package", texts(r"[a-z_][a-z0-9_]{0,49}")),
            "dataset": accepted("dataset", texts(r"[A-Za-z][A-Za-z0-9_]{0,31}")),
            "title": accepted("title", sentences),
            "description": accepted("description", sentences),
            "author_name": accepted("author_name", sentences),
            "author_email": st.sampled_from(["", "data@example.org"]),
            "repository": st.sampled_from(["", "https://example.org/birds"]),
        },
        optional={
            name: st.sampled_from(choices) for name, choices in questions().items() if choices
        },
    )
)
def test_every_file_of_a_project_is_well_formed(answers: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = scaffold(Path(folder, "project"), **answers)
        settings_of_project = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
        recorded = yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))
        citation = yaml.safe_load((project / "CITATION.cff").read_text("utf-8"))
        for file in (*project.rglob("*.yml"), *project.rglob("*.yaml")):
            yaml.safe_load(file.read_text("utf-8"))
        for file in project.rglob("*.py"):
            ast.parse(file.read_text("utf-8"))
        for file in project.rglob("*"):
            assert file.is_dir() or "cookiecutter" not in file.read_text("utf-8")
    about = settings_of_project["project"]
    assert about["name"] == answers["distribution"]
    assert about["description"] == answers["description"]
    assert about["license"] == canonicalize_license_expression(about["license"])
    assert about["authors"][0]["name"] == answers["author_name"]
    assert answers.items() <= recorded.items()
    assert citation["title"] == answers["title"]
