"""The page on upgrades says what a running process sees, and what uv's links do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.page import Reader
from tests.support.projects import build_wheel

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "upgrade-under-a-service.md"

pytestmark = pytest.mark.once


@pytest.fixture
def later_wheel(flights_project: Path, tmp_path: Path) -> Path:
    """The wheel of the next version, in which an airline has another name."""
    project = tmp_path / "later"
    shutil.copytree(flights_project, project, ignore=shutil.ignore_patterns("dist"))
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"2013.1"', '"2013.2"', 1))
    (source,) = project.rglob("airlines.csv")
    source.write_text(source.read_text().replace("United Air Lines Inc.", "United Airlines"))
    return build_wheel(project)


@pytest.mark.slow
def test_a_running_process_keeps_its_version_and_is_told_of_the_next(
    joiner: Reader, later_wheel: Path
) -> None:
    joiner.environment["PIP_FIND_LINKS"] = str(later_wheel.parent)
    assert joiner.follow(PAGE, section="What a running process sees") == 5


@pytest.mark.heavy
def test_damage_through_a_link_of_uv_is_cured_as_the_page_says(
    joiner: Reader, flights_project: Path, tmp_path: Path
) -> None:
    if shutil.which("uv", path=joiner.environment["PATH"]) is None:
        pytest.skip("uv is not installed")
    environment = Path(joiner.environment["PATH"].split(":")[0]).parent
    program = environment / "bin" / "uv"
    # The runtime is there already, and no index is asked for it.
    program.write_text(
        "#!/bin/sh\n"
        f'PATH="${{PATH#{environment}/bin:}}"\n'
        'if [ "$1" = pip ]; then set -- "$@" --no-deps; fi\n'
        'exec uv "$@"\n'
    )
    program.chmod(0o755)
    shutil.rmtree(next(environment.glob("lib/*/site-packages/nycflights13_data")))
    shutil.rmtree(next(environment.glob("lib/*/site-packages/nycflights13_data-*")))
    joiner.environment |= {
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_FIND_LINKS": str(flights_project / "dist"),
        "UV_NO_INDEX": "1",
        "VIRTUAL_ENV": str(environment),
    }
    assert joiner.follow(PAGE, section="With uv: damage that comes back") == 3
