"""Listing and opening import next to nothing: a cold start is what users wait for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import microcosm_sqlite
from tests.support.wheels import Wheel

HEAVY = {
    "sqlalchemy",
    "microcosm",
    "importlib.metadata",
    "importlib_resources",
    "contextlib",
    "dataclasses",
    "typing",
    "inspect",
    "pathlib",
    "urllib",
    "zipfile",
    "tempfile",
    "hashlib",
    "logging",
    "filelock",
    "platformdirs",
    "click",
    "colours_data",
}
ROOT = Path(microcosm_sqlite.__file__).parents[1]


def modules_after(script: str, *path: Path) -> set[str]:
    """The modules of a bare interpreter, in which no ``.pth`` file had its way."""
    program = (
        f"import sys\nsys.path += {[str(ROOT), *map(str, path)]!r}\n"
        f"{script}\nimport json\nprint(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


STEPS = {
    "import": "import microcosm_sqlite as m",
    "datasets": "import microcosm_sqlite as m; assert list(m.datasets()) == ['colours']",
    "connect": (
        "import microcosm_sqlite as m; c = m.dataset('colours').connect();"
        "assert c.execute('SELECT count(*) FROM shade').fetchone() == (3,); c.close()"
    ),
    "describe": (
        "import microcosm_sqlite as m; d = m.dataset('colours');"
        "assert d.manifest.title and d.tables['shade'].row_count == 3 and m.problems() == []"
    ),
}


@pytest.mark.parametrize("script", STEPS.values(), ids=STEPS)
def test_none_of_the_heavy_modules_is_imported(installed: Path, script: str) -> None:
    assert not modules_after(script, installed) & HEAVY


def test_a_cached_dataset_opens_as_lightly(database: Path, site: Path) -> None:
    Wheel().carry(database, compression="gzip").install(site)
    from microcosm_sqlite import dataset
    from microcosm_sqlite.catalog.cache.folders import cache_directory

    dataset("colours").connect().close()
    script = (
        f"import os; os.environ['MICROCOSM_SQLITE_CACHE_DIR'] = {cache_directory()!r}\n"
        + STEPS["connect"]
    )
    assert not modules_after(script, site) & (HEAVY - {"contextlib"})  # which the cache needs


def test_what_needs_sqlalchemy_is_imported_when_it_is_asked_for() -> None:
    assert "sqlalchemy" not in sys.modules or microcosm_sqlite.Store
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = microcosm_sqlite.nonsense
