"""Checks P26 to P29: an author has made the dataset their own, and it says the same everywhere."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator

from microcosm_sqlite.authoring.publishing.candidate import Candidate
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.verifying.checklist import Checklist, Unchecked
from microcosm_sqlite.errors import ManifestError

CHECKS = Checklist()

PLACEHOLDERS = (
    "Say here who made these files",
    "Say here what else readers",
    "These two tables are an example",
)
"""The placeholders in the template's card."""

_EXAMPLE_TABLES, _EXAMPLE_ORIGIN = {"blocks", "elements"}, "iupac.org/what-we-do/periodic-table"
_UNFINISHED = re.compile(r"(^|/)(\.[^/]*\.(build|revised|new)-|\.scaffold-|\.microcosm-sqlite-)")
_SIDE_FILE = re.compile(r"\.db-(journal|wal|shm)$")


@CHECKS.numbered("P26", "Replace what the template left there, in pyproject.toml and README.md.")
def check_placeholders(candidate: Candidate) -> Iterator[str]:
    """No placeholder of the template is left."""
    readme = _read_card(candidate)
    for text in PLACEHOLDERS:
        if text in readme:
            yield f"README.md still says '{text} ...'"
    for title, url in candidate.description.origins:
        if _EXAMPLE_ORIGIN in url and not _find_tables(candidate) <= _EXAMPLE_TABLES:
            yield f"origin {title!r} is the one of the template's example"
    name = candidate.distribution_name
    if f"The {name} authors" in _list_authors(candidate):
        yield f"the author is still the template's, 'The {name} authors'"


@CHECKS.numbered(
    "P27", "If it is right, remove `license-confirmed`; otherwise, name the right one."
)
def check_confirmed_license(candidate: Candidate) -> Iterator[str]:
    """Somebody has chosen the licence of the data."""
    if not candidate.settings.license_confirmed:
        yield f"nobody has confirmed {candidate.settings.license}, the template's licence"


@CHECKS.numbered("P28", "Correct CITATION.cff or README.md.")
def check_told_facts(candidate: Candidate) -> Iterator[str]:
    """CITATION.cff and the card describe this version and these tables."""
    citation = candidate.root / "CITATION.cff"
    if citation.is_file():
        text = citation.read_text("utf-8", "replace")
        told = re.search(r"^version:\s*[\"']?([^\s\"'#]+)", text, re.MULTILINE)
        if told and told[1] != candidate.version:
            yield f"CITATION.cff says version {told[1]}, but the project has {candidate.version}"
    readme = _read_card(candidate)
    pinned = rf"\b{re.escape(candidate.distribution_name)}==([\w.]+[\w])"
    for version in dict.fromkeys(re.findall(pinned, readme)):
        if version != candidate.version:
            yield f"the card installs version {version}, and this is {candidate.version}"
    told_tables = _list_told_tables(readme)
    if told_tables:
        yield from _compare(told_tables, _find_tables(candidate))


@CHECKS.numbered("P29", "Remove them, and build again.")
def check_leftovers(candidate: Candidate) -> Iterator[str]:
    """The wheel and the source distribution contain no file of an interrupted build."""
    archives = {}
    if candidate.wheel_path:
        archives[candidate.wheel.name] = candidate.archive.namelist()
    if candidate.is_project:
        sdist = candidate.root / "dist" / f"{candidate.stem}.tar.gz"
        if sdist.exists():
            archives[sdist.name] = _list_members(sdist)
    if not archives:
        raise Unchecked("nothing is built")
    for name, members in archives.items():
        found = [each for each in members if _UNFINISHED.search(each) or _SIDE_FILE.search(each)]
        yield from (f"{name} has {member}" for member in found)


def _read_card(candidate: Candidate) -> str:
    """The text of the card: of the project, or else in the wheel."""
    if candidate.is_project:
        file = candidate.root / "README.md"
        return file.read_text("utf-8", "replace") if file.is_file() else ""
    return candidate.metadata.get("description") or ""


def _list_authors(candidate: Candidate) -> list[str]:
    if candidate.is_project:
        return list(candidate.settings.contributors)
    return [str(each.get("title", "")) for each in candidate.manifest.contributors]


def _find_tables(candidate: Candidate) -> set[str]:
    """The tables of the dataset as it was built last."""
    if candidate.is_project and candidate.settings.manifest_path.is_file():
        try:
            manifest = Manifest.loads(candidate.settings.manifest_path.read_bytes())
        except ManifestError as error:
            raise Unchecked("the manifest of the last build cannot be read") from error
        return {*manifest.tables}
    if candidate.wheel_path:
        return {*candidate.manifest.tables}
    raise Unchecked("it is not built")


def _list_told_tables(readme: str) -> list[str]:
    """The tables that the card lists: the first cells of a table whose first head is `table`."""
    found: list[str] = []
    is_listing = False
    for line in readme.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if not line.lstrip().startswith("|"):
            is_listing = False
        elif cells[0].lower() == "table":
            is_listing = True
        elif is_listing and cells[0].strip("-: "):
            found.append(re.sub(r"\\(.)", r"\1", cells[0].strip("`")))
    return found


def _compare(told: Iterable[str], tables: set[str]) -> Iterator[str]:
    told = {*told}
    for name in sorted(told - tables):
        yield f"the card tells of table {name}, which is not there"
    for name in sorted(tables - told):
        yield f"the card does not tell of table {name}"


def _list_members(sdist: object) -> list[str]:
    try:
        with tarfile.open(str(sdist)) as packed:
            return packed.getnames()
    except (tarfile.TarError, OSError, EOFError):
        return []  # told as P22
