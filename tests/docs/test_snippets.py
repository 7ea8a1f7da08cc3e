"""The three type checkers see the Python of the pages, and would refuse a mistake there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.snippets import COMMANDS, ROOT, check, read_python, write_modules

pytestmark = pytest.mark.once


def test_each_page_is_one_program_and_its_packages_are_importable(tmp_path: Path) -> None:
    write_modules(tmp_path)
    assert (tmp_path / "page_use_a_dataset.py").stat().st_size
    assert (tmp_path / "planets_data" / "models.py").stat().st_size
    assert (tmp_path / "runways_data" / "__init__.py").stat().st_size
    assert (tmp_path / "application" / "migrate.py").stat().st_size
    code = read_python(ROOT / "README.md")
    assert code.startswith("import microcosm_sqlite\n")
    assert "336776" not in code


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_type_checker_tells_what_is_right_from_what_is_wrong(
    command: list[str], tmp_path: Path
) -> None:
    if find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    page = tmp_path / "page.py"
    page.write_text("import microcosm_sqlite\nn = microcosm_sqlite.dataset('a').version.upper()\n")
    assert check(tmp_path, command)[0]
    page.write_text("import microcosm_sqlite\nn = microcosm_sqlite.dataset('a').version.uper()\n")
    accepted, said = check(tmp_path, command)
    assert not accepted
    assert "uper" in said
