"""Check before publishing that a dataset is complete, and that an index would take its wheel.

The checks P01 to P09 are here: what a project or a wheel says of the dataset is complete. So is
P31, which runs all checks on the wheels of editions. Those of the wheel itself are in
`wheel_checks`, and those of what the template left in `fitness_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from microcosm_sqlite.authoring.publishing.candidate import BUILD, Candidate
from microcosm_sqlite.authoring.sharding.size_limits import BUILD_WHEELS
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Complaint, Report, Unchecked
from microcosm_sqlite.common.extras import extra


def check_publication(path: str | Path) -> Report:
    """Check a dataset project, with the wheel of its version under ``dist/``, or a wheel alone.

    Nothing is built, and nothing of it is run.

    Args:
        path: The project's directory, or the wheel.

    Raises:
        SettingsError: The project's settings cannot be read.
        DatasetError: There is no such wheel.
        MissingDependencyError: packaging is not installed.
    """
    with extra("build"):
        import packaging.licenses  # noqa: F401

    from microcosm_sqlite.authoring.publishing import fitness_checks, wheel_checks

    checks = sorted(
        [*CHECKS, *wheel_checks.CHECKS, *fitness_checks.CHECKS], key=lambda check: check.code
    )
    with closing(Candidate(path)) as candidate:
        return Report(candidate.name, [check.run_on(candidate) for check in checks])


class Uploads(NamedTuple):
    """The wheels to publish.

    Attributes:
        parts: Those of shards and columnar twins, to publish first.
        wheels: Those that need them, and the wheels of editions.
    """

    parts: list[Path]
    wheels: list[Path]


def list_uploads(path: str | Path) -> Uploads:
    """List the wheels of a project, those of its editions included, or a wheel and its shards.

    Raises:
        DatasetError: There is no such wheel, or it cannot be read.
    """
    with closing(Candidate(path)) as candidate:
        parts, wheels = candidate.uploads[:-1], candidate.uploads[-1:]
        for edition in candidate.editions.values():
            few = list_uploads(edition)
            parts, wheels = parts + few.parts, wheels + few.wheels
    return Uploads(parts, wheels)


CHECKS = Checklist()

_LICENSE_FILES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
_SETTINGS = "the table of the build hook in pyproject.toml"


@CHECKS.numbered("P01", f"Fill in `title` in {_SETTINGS}, and `description` of [project].")
def check_description(candidate: Candidate) -> Iterator[str]:
    """The data has a title and a description."""
    if not candidate.description.title.strip():
        yield "there is no title"
    if not candidate.description.description.strip():
        yield "there is no description"


@CHECKS.numbered("P02", f"Name one of https://spdx.org/licenses as `license` in {_SETTINGS}.")
def check_data_license(candidate: Candidate) -> Iterator[str]:
    """The licence of the data is an SPDX expression."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    expression = candidate.description.license
    if not expression:
        yield "no licence is given, so nobody may use the data"
        return
    try:
        canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        yield f"{expression!r} is not an SPDX expression"


@CHECKS.numbered(
    "P03", f"Add an entry with title and url to `origins` in {_SETTINGS}.", is_advice=True
)
def check_origins(candidate: Candidate) -> Iterator[str]:
    """Users can tell where the data came from."""
    if not candidate.description.origins:
        yield "no origin is named"
    for title, url in candidate.description.origins:
        if not url:
            yield f"origin {title!r} has no URL"


@CHECKS.numbered("P04", "Write a README.md, and name it as `readme` of [project].")
def check_readme(candidate: Candidate) -> Iterator[str]:
    """There is a readme."""
    if candidate.is_project and "readme" not in candidate.dynamic:
        yield from _check_readme_file(candidate.root, candidate.project.get("readme", ""))
    if candidate.wheel_path and not (candidate.metadata.get("description") or "").strip():
        yield "METADATA of the wheel has no long description"


def _check_readme_file(root: Path, readme: Any) -> Iterator[str]:
    if isinstance(readme, dict):
        if readme.get("text", "").strip():
            return
        readme = readme.get("file", "")
    file = root / str(readme)
    if not readme:
        yield "[project] names no readme"
    elif not file.is_file():
        yield f"{readme} does not exist"
    elif not file.read_bytes().strip():
        yield f"{readme} is empty"


@CHECKS.numbered(
    "P05", "Add the texts of the licences, and name them in `license-files` of [project]."
)
def check_license_files(candidate: Candidate) -> Iterator[str]:
    """The texts of the licences are included."""
    if candidate.is_project:
        declared = candidate.project.get("license-files")
        yield from _match_files(candidate.root, declared)
    if candidate.wheel_path:
        files = candidate.metadata.get("license_files") or []
        present = set(candidate.archive.namelist())
        folder = Path(candidate.distribution.metadata).name
        for file in files:
            if f"{folder}/licenses/{file}" not in present:
                yield f"METADATA of the wheel names {file}, which is not in it"
        if not files:
            yield "the wheel has no licence file"


def _match_files(root: Path, declared: list[str] | None) -> Iterator[str]:
    for pattern in declared or []:
        if not _matches(root, pattern):
            yield f"no file matches {pattern}"
    if not declared and not any(_matches(root, pattern) for pattern in _LICENSE_FILES):
        yield "there is no licence file"


def _matches(root: Path, pattern: str) -> bool:
    try:
        return any(path.is_file() for path in root.glob(pattern))
    except (ValueError, NotImplementedError):  # an empty or absolute pattern
        return False


@CHECKS.numbered(
    "P06",
    "Write a section on it into CHANGELOG.md, as microcosm-sqlite diff OLD NEW --changelog prints.",
    is_advice=True,
)
def check_changelog(candidate: Candidate) -> Iterator[str]:
    """The changelog mentions this version."""
    files = sorted(candidate.root.glob("CHANGELOG*"))
    if not files:
        yield "there is no CHANGELOG.md"
        return
    mention = rf"(?<![\w.])v?{re.escape(candidate.version)}(?!\w|\.\d)"
    if not re.search(mention, files[0].read_text("utf-8", "replace")):
        yield f"{files[0].name} does not mention {candidate.version}"


@CHECKS.numbered("P07", "Name a version of a distribution on the index instead.")
def check_dependencies(candidate: Candidate) -> Iterator[str]:
    """Dependencies come from the index."""
    from packaging.requirements import InvalidRequirement, Requirement

    told: set[str] = set()
    for text in _dependencies(candidate):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            yield f"{text!r} is not a valid requirement: {str(error).splitlines()[0]}"
            continue
        if requirement.url and requirement.url not in told:
            told.add(requirement.url)
            yield f"{requirement.name} is taken from {requirement.url}"


@CHECKS.numbered("P08", "Remove the classifier, or do not upload it.", is_advice=True)
def check_privacy(candidate: Candidate) -> Iterator[str]:
    """Nothing forbids uploading it."""
    classifiers = [*candidate.project.get("classifiers", [])] if candidate.is_project else []
    if candidate.wheel_path:
        classifiers += candidate.metadata.get("classifiers") or []
    for classifier in dict.fromkeys(classifiers):
        if classifier.startswith("Private ::"):
            yield f"it is marked as {classifier!r}, which the index refuses"


@CHECKS.numbered("P09", f"Build it: {BUILD}", is_advice=True)
def check_wheel(candidate: Candidate) -> Iterator[str]:
    """A wheel of this version is built."""
    if candidate.wheel_path is None:
        yield f"dist/ has no wheel of {candidate.version}, so it was not checked"


@CHECKS.numbered("P31", f"Build them together: {BUILD_WHEELS}")
def check_editions(candidate: Candidate) -> Iterator[str]:
    """The wheels of its editions are beside it, are made from it, and pass these checks."""
    if not candidate.is_project or not candidate.settings.editions:
        raise Unchecked("it has no editions")
    full = candidate.wheel
    for edition, wheel in candidate.editions.items():
        if not wheel.exists():
            yield f"{wheel.name} is not beside {full.name}"
            continue
        with closing(Candidate(wheel)) as small:
            yield from _compare_origin(candidate, small, edition)
        for found in check_publication(wheel).findings:
            yield Complaint(f"{found.code} of {wheel.name}: {found.message}", found.hint)


def _compare_origin(full: Candidate, small: Candidate, edition: str) -> Iterator[str]:
    """Compare what the manifest of an edition says of its origin with the full wheel."""
    origin = small.manifest.raw[EXTENSION].get("edition", {})
    wanted = (edition, f"sha256:{full.manifest.sha256}")
    if (origin.get("name"), origin.get("hash")) != wanted:
        yield f"{small.name} was not taken from {full.wheel.name}"


def _dependencies(candidate: Candidate) -> Iterator[str]:
    if candidate.is_project:
        yield from candidate.project.get("dependencies", [])
        for texts in candidate.project.get("optional-dependencies", {}).values():
            yield from texts
    if candidate.wheel_path:
        yield from candidate.metadata.get("requires_dist") or []
