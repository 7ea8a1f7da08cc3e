"""The plugin for pytest: its fixture is undone, its marker skips, and it costs next to nothing."""

from __future__ import annotations

import pytest

from tests.support.wheels import Wheel, make_database

pytest_plugins = ["pytester"]

MODELS = """\
from sqlalchemy.orm import Mapped, mapped_column
from microcosm_sqlite import DataSet, Store

class Airports(DataSet, name="airports"):
    pass

class Airport(Airports):
    __tablename__ = "airports"
    faa: Mapped[str] = mapped_column(primary_key=True)

store = Store[Airport]()
"""
TESTS = """\
import pytest
from microcosm_sqlite import datasets
from models import Airport, store

OSLO = Airport(faa="OSL")

@pytest.mark.parametrize("time", [1, 2, 3, 4])
def test_rows(override_dataset, time):
    assert "airports" not in datasets()
    override_dataset("airports", [OSLO])
    assert [row.faa for row in store.search()] == ["OSL"]
    override_dataset("airports", {"airports": []}, writable=True)
    assert store.count() == 0

def test_undone():
    assert "airports" not in datasets()
"""
MARKED = """\
import pytest

@pytest.mark.needs_dataset("airports", distribution="airports-data", accepts=">=2")
def test_with_command():
    raise AssertionError

@pytest.mark.needs_dataset("airports")
def test_without_command():
    raise AssertionError

@pytest.mark.needs_dataset("mine")
@pytest.mark.needs_dataset("mine", edition="full")
def test_of_all_rows():
    raise AssertionError

@pytest.mark.needs_dataset()
def test_wrong_call():
    pass
"""


@pytest.mark.slow
def test_the_fixture_is_undone_after_each_test_in_any_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(models=MODELS, test_rows=TESTS)
    for options in (["-p", "no:xdist"], ["-n", "2"]):
        done = pytester.runpytest_subprocess(*options, "-W", "error", "-p", "no:cacheprovider")
        done.assert_outcomes(passed=5)


def test_the_marker_skips_and_says_what_to_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_marked=MARKED)
    database = make_database(pytester.path / "source" / "mine.db")
    edition = {"name": "lite", "dataset": "mine", "version": "1", "distribution": "mine-data"}
    Wheel("mine-data-lite").carry(
        database, name="mine", package="mine_data_lite", edition=edition
    ).install(pytester.path)
    done = pytester.runpytest_subprocess("-rs", "--strict-markers", "-p", "no:cacheprovider")
    done.assert_outcomes(skipped=3, errors=1)
    text = done.stdout.str()
    assert "dataset 'airports' is not installed. Run: pip install 'airports-data>=2'" in text
    assert "Edition 'full' of dataset 'mine' is not installed; there is lite" in text
    assert "Run: pip install 'mine-data==1'" in text
    assert "needs_dataset is called as needs_dataset(name, distribution=" in text


def test_it_imports_nothing_heavy_until_a_test_asks(pytester: pytest.Pytester) -> None:
    heavy = ["sqlalchemy", "click", "microcosm", "microcosm_sqlite.testing", "filelock"]
    pytester.makepyfile(f"""\
        import sys

        def test_modules():
            assert "microcosm_sqlite.pytest_plugin" in sys.modules
            assert not [name for name in {heavy} if name in sys.modules]
        """)
    pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:hypothesispytest").assert_outcomes(
        passed=1
    )
