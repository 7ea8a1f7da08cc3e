"""Two datasets of one table each, as an author would declare them, without keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from pathlib import Path

FLIGHTS = (
    "year month day dep_time? sched_dep_time dep_delay? arr_time? sched_arr_time arr_delay? "
    "carrier:2 flight tailnum:6? origin:3 dest:3 air_time? distance hour minute time_hour:t"
)
MEASUREMENTS = (
    "id station:5 measured_at:t day:d temperature:f pressure? humidity:f is_valid:b remark:40?"
)
TABLES = {"flights": FLIGHTS, "measurements": MEASUREMENTS}

_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "": sa.Integer(),
    "b": sa.Boolean(),
    "d": sa.Date(),
    "f": sa.Float(),
    "t": sa.DateTime(),
}

_PYPROJECT = """\
[project]
name = "{table}-data"
version = "1.0"

[project.entry-points."microcosm.sqlite"]
{table} = "{table}_data:path"

[tool.hatch.build.targets.wheel]
packages = ["src/{table}_data"]

[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]
dataset = "{table}"
models = "{table}_data.models"
null-values = ["NA"]
sources = {{ {table} = '{source}' }}
"""

_MODELS = """\
from benchmarks.authoring.projects import make_table
from microcosm_sqlite import DataSet

Base = DataSet.create("{table}")
make_table("{table}", Base.metadata)
"""


def make_table(name: str, metadata: sa.MetaData) -> sa.Table:
    """The table of one of the files."""
    return sa.Table(name, metadata, *map(_make_column, TABLES[name].split()))


def _make_column(text: str) -> sa.Column[Any]:
    name, _, kind = text.replace("?", "").partition(":")
    type_ = _TYPES[kind] if kind in _TYPES else sa.String(int(kind))
    return sa.Column(name, type_, nullable=text.endswith("?"))


def write_ddl(name: str) -> str:
    """The statement that creates the table, in one line."""
    statement = sa.schema.CreateTable(make_table(name, sa.MetaData()))
    return re.sub(r"\s+", " ", str(statement)).strip()


def write_project(folder: Path, table: str, source: Path) -> Path:
    """A dataset project over a file that stays where it is."""
    package = folder / "src" / f"{table}_data"
    package.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(_PYPROJECT.format(table=table, source=source))
    (package / "models.py").write_text(_MODELS.format(table=table))
    (package / "__init__.py").write_text('"""One table."""\n')
    return folder
