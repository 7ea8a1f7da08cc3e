"""The version of a dataset is compared with what another one requires, as pip compares them."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.catalog.manifest import Requirement
from microcosm_sqlite.catalog.requirements import (
    find_misfit,
    find_required,
    find_requirements,
    suggest_install,
)
from microcosm_sqlite.errors import DatasetNotFoundError
from tests.support.wheels import Wheel


def require(accepts: str, version: str = "") -> Requirement:
    return Requirement(
        "colours", {"distribution": "colours-data", "version": version, "accepts": accepts}
    )


@pytest.mark.parametrize(
    ("accepts", "version", "fits"),
    [
        ("", "", True),
        (">=2026.1,<2027", "", True),
        ("~=2026.0", "", True),
        (">=2026.2", "", False),
        ("!=2026.1", "", False),
        (">=2026.2", "2026.1", True),  # it is the very one that the keys were checked against
    ],
)
def test_versions_fit_as_specifiers_say(
    installed: Path, accepts: str, version: str, fits: bool
) -> None:
    misfit = find_misfit(require(accepts, version), dataset("colours"))
    assert (misfit == "") is fits
    if misfit:
        assert misfit.startswith("colours-data 2026.1 ")
        assert accepts in misfit


@pytest.mark.parametrize("accepts", ["newest", ">=", "=>1"])
def test_what_is_no_specifier_is_told(installed: Path, accepts: str) -> None:
    assert "cannot be compared" in find_misfit(require(accepts), dataset("colours"))


def test_one_command_installs_all_that_is_missing() -> None:
    unknown = Requirement("shades", {})
    assert suggest_install(require(">=2,<3"), unknown) == (
        "Run: pip install 'colours-data>=2,<3' 'shades'"
    )


def test_requirements_of_requirements_count_and_circles_end(database: Path, site: Path) -> None:
    circle = {"a": ["b"], "b": ["c", "missing"], "c": ["a"]}
    for name, required in circle.items():
        requires = {each: {"distribution": f"{each}-data"} for each in required}
        wheel = Wheel(f"{name}-data").carry(
            database, name=name, package=f"{name}_data", requires=requires
        )
        wheel.install(site)
    assert set(find_requirements(dataset("a"))) == {"b", "c", "missing"}
    assert find_required(dataset("a"), Requirement("c", {})).name == "c"
    with pytest.raises(DatasetNotFoundError, match="'missing'") as caught:
        find_required(dataset("b"), find_requirements(dataset("a"))["missing"])
    assert caught.value.hint == "Run: pip install 'missing-data'"
