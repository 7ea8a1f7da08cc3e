"""Write a new dataset project from the template: the function behind ``microcosm-sqlite new``."""

from __future__ import annotations

import json
import keyword
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.drafting.redrawing import (
    find_edits,
    read_digests,
    refuse_edited,
    replace_project,
    write_digests,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.common.workspace import (
    making_folder,
    naming_full_disk,
    open_scratch,
    open_workspace,
    sweep,
)
from microcosm_sqlite.errors import BuildError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_QUESTIONS = "cookiecutter.json"
_ANSWERS = ".copier-answers.yml"
_PREFIX = ".scaffold-"


def scaffold(directory: str | os.PathLike[str], *, again: bool = False, **answers: str) -> Path:
    """Write a complete project that builds a data wheel, with a small example dataset in it.

    Nothing is fetched, and nothing is written outside of the directory.

    Args:
        directory: Where to write; new or empty. Its name becomes the distribution's, unless the
            answers say otherwise.
        again: Whether to draft a project again that nobody has edited.
        answers: Answers to the template's questions, by name (see :func:`questions`); what is
            not answered takes its default.

    Returns:
        The directory, as an absolute path.

    Raises:
        SettingsError: An answer cannot be used, the directory is not empty, or the project in it
            was edited.
        MissingDependencyError: cookiecutter is not installed.

    >>> scaffold("elements-data", data_license="CC0-1.0")       # doctest: +SKIP
    PosixPath('/data/elements-data')
    """
    target, context = complete_answers(directory, answers, again=again)
    with write_project(target, context, again=again):
        pass
    return target


def complete_answers(
    directory: str | os.PathLike[str], answers: Mapping[str, str], *, again: bool = False
) -> tuple[Path, dict[str, str]]:
    """Return where to write, and all answers: those that are not given take their defaults.

    Raises:
        SettingsError: An answer cannot be used, or the directory is not empty.
        MissingDependencyError: cookiecutter is not installed.
    """
    target = Path(directory).absolute().resolve()
    is_chosen = "data_license" in answers
    if again and target.exists():
        refuse_edited(target)
        is_chosen |= ProjectSettings.from_pyproject(target).license_confirmed
        answers = {**_read_answers(target), **answers}
    else:
        _refuse_occupied(target)
    answers = {"distribution": target.name, **answers}
    validate_answers(answers, questions())
    context = _complete(answers)
    validate_answers({name: context[name] for name in questions()}, questions())
    return target, {**context, **({} if is_chosen else {"_unconfirmed": "true"})}


@contextmanager
def write_project(
    target: Path, context: Mapping[str, Any], *, again: bool = False
) -> Iterator[Path]:
    """Render the template, and give it to be completed; only what is complete is left.

    Args:
        target: Where to write; new or empty.
        context: All answers, and `_draft` in place of the template's example.
        again: Whether to replace what was drafted there before.

    Yields:
        The project while it is written, elsewhere.

    Raises:
        OSError: It cannot be written, as on a disk without room.
    """
    with naming_full_disk(target), _write_project(target, context, again=again) as project:
        yield project


@contextmanager
def _write_project(target: Path, context: Mapping[str, Any], *, again: bool) -> Iterator[Path]:
    if again and target.exists():
        with open_scratch() as scratch:
            project = _render(context, str(scratch))
            yield project
            write_digests(project)
            replace_project(target, project)
        return
    if target.exists() and not _may_replace(target):
        with open_workspace(target, _PREFIX) as scratch:
            project = _render(context, str(scratch))
            yield project
            write_digests(project)
            _move_into(target, project)
        return
    prefix = f".{target.name}.new-"
    with making_folder(target.parent), open_workspace(target.parent, prefix) as scratch:
        project = _render(context, str(scratch))
        yield project
        write_digests(project)
        try:
            project.rename(target)  # which replaces nothing but an empty folder
        except OSError:
            _refuse_occupied(target)
            raise


def _move_into(target: Path, project: Path) -> None:
    # Folders first: the first cannot take the place of one that another process moved there.
    for entry in sorted(project.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
        try:
            entry.rename(target / entry.name)
        except OSError:
            _refuse_occupied(target)
            raise


def _may_replace(folder: Path) -> bool:
    """Whether a rename may put another folder in the place of an empty one, all at once.

    A shell that is in it would be nowhere then.
    """
    is_elsewhere = not folder.samefile(Path.cwd()) and not folder.is_mount()
    return is_elsewhere and os.access(folder.parent, os.W_OK)


def questions() -> dict[str, tuple[str, ...]]:
    """The questions of the template in order, with their choices; none if any text is allowed.

    >>> questions()["compression"]
    ('none', 'zstd')
    """
    content = (template_directory() / _QUESTIONS).read_text(encoding="utf-8")
    return {
        name: tuple(default) if isinstance(default, list) else ()
        for name, default in json.loads(content).items()
        if not name.startswith("_")
    }


def template_directory() -> Path:
    """The template: inside the package when installed from a wheel, beside it in a checkout.

    Raises:
        BuildError: It is in neither place.
    """
    package = Path(__file__).parents[2]
    for folder in (package, package.parent):
        if (folder / "dataset_template" / _QUESTIONS).is_file():
            return folder / "dataset_template"
    raise BuildError(
        f"The template is missing from {package}.",
        hint="Install again: pip install --force-reinstall --no-deps microcosm-sqlite",
    )


def _refuse_occupied(target: Path) -> None:
    if target.is_dir():
        sweep(target, _PREFIX)
        if any(target.iterdir()):
            is_drafted = bool(read_digests(target)) and not any(find_edits(target))
            raise SettingsError(
                f"{target} is not empty; nothing was written.",
                hint="Name a directory that is new or empty"
                + ("; or add --again, as nobody has edited it." if is_drafted else "."),
            )
    elif target.exists():
        raise SettingsError(
            f"{target} is not a directory; nothing was written.",
            hint="Name a directory that is new or empty.",
        )


def _read_answers(target: Path) -> dict[str, str]:
    """The answers that a project was scaffolded with."""
    with extra("new", "A new project"):
        from yaml import safe_load  # which cookiecutter brings
    told = safe_load((target / _ANSWERS).read_text("utf-8"))
    return {name: str(answer) for name, answer in told.items() if name in questions()}


def _complete(answers: Mapping[str, str]) -> dict[str, str]:
    """The answers, with the template's defaults and derived values for all others."""
    with extra("new", "A new project"):
        from cookiecutter.generate import generate_context
        from cookiecutter.prompt import prompt_for_config
    context = generate_context(
        context_file=str(template_directory() / _QUESTIONS), extra_context=dict(answers)
    )
    return dict(prompt_for_config(context, no_input=True))


def _render(context: Mapping[str, Any], scratch: str) -> Path:
    # The part of cookiecutter that only renders: it reads and writes nothing in the home directory.
    from cookiecutter.generate import generate_files

    try:
        rendered = generate_files(
            repo_dir=str(template_directory()),
            context={"cookiecutter": dict(context)},
            output_dir=scratch,
            accept_hooks=False,
        )
    except OSError as error:
        # Its own error for a directory leaves the reason to its cause.
        raise error.__cause__ if isinstance(error.__cause__, OSError) else error from None
    return Path(rendered)


_DISTRIBUTION = re.compile(r"[a-z]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)  # PEP 508
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]{0,49}")
_DATASET = re.compile(r"[a-z][a-z0-9_]{0,31}", re.IGNORECASE)
_WORD = r'[^"\\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+'
_TEXT = re.compile(rf"(?!.*\{{[{{%#]){_WORD}( {_WORD})*")
_EMAIL = re.compile(r"""[^\s@"'\\<>{}]+@[^\s@"'\\<>{}]+""")
_URL = re.compile(r'https?://[^\s"\\{}]+')
_SQL_SCHEMAS = {"main", "temp"}


def validate_answers(answers: Mapping[str, str], questions: Mapping[str, Collection[str]]) -> None:
    """Refuse answers that would make a project that cannot be built.

    Args:
        answers: Answers by the name of the question.
        questions: The choices of each question, none where any text may do.

    Raises:
        SettingsError: The first answer that cannot be used.
    """
    for name, answer in answers.items():
        if name not in questions:
            raise SettingsError(
                f"The template asks no question {name!r}.",
                hint=suggest(name, questions, "It asks"),
            )
        if choices := questions[name]:
            if answer not in choices:
                raise SettingsError(
                    f"{name}: {answer!r} is not a valid choice.",
                    hint=f"Choose one of {', '.join(choices)}.",
                )
            continue
        is_usable, expected = _RULES.get(name, _TEXT_RULE)
        if not is_usable(answer):
            raise SettingsError(f"{name}: {answer!r} cannot be used.", hint=f"Give {expected}.")


def _is_distribution(answer: str) -> bool:
    return bool(_DISTRIBUTION.fullmatch(answer))


def _is_package(answer: str) -> bool:
    is_taken = answer in sys.stdlib_module_names or answer == "microcosm_sqlite"
    return bool(_PACKAGE.fullmatch(answer)) and not keyword.iskeyword(answer) and not is_taken


def _is_dataset(answer: str) -> bool:
    is_reserved = keyword.iskeyword(answer) or answer.lower() in _SQL_SCHEMAS
    return bool(_DATASET.fullmatch(answer)) and not is_reserved


def _is_text(answer: str) -> bool:
    return bool(_TEXT.fullmatch(answer))


def _is_email(answer: str) -> bool:
    return not answer or bool(_EMAIL.fullmatch(answer))


def _is_url(answer: str) -> bool:
    return not answer or bool(_URL.fullmatch(answer))


# The texts go into TOML, YAML and Python between double quotes, by way of Jinja.
_TEXT_RULE = (_is_text, "one line of text without double quotes, backslashes, {{, {% and {#")
_RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "distribution": (
        _is_distribution,
        "a name of letters, digits and - _ . that begins with a letter, such as elements-data",
    ),
    "package": (
        _is_package,
        "at most 50 small letters, digits and _, no name of Python's own, such as elements_data",
    ),
    "dataset": (
        _is_dataset,
        "at most 32 letters, digits and _, no word of Python's or SQLite's own, such as elements",
    ),
    "author_email": (_is_email, "an address such as data@example.org, or nothing"),
    "repository": (_is_url, "a URL that begins with https://, or nothing"),
}
