"""The same inputs give the same bytes, whatever their format, the machine and the mood it is in."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.catalog.codecs import open_decompressed
from tests.support.projects import build_sdist, make_project, unpack_sdist

MODELS = """
from __future__ import annotations

import enum

import sqlalchemy as sa
from microcosm_sqlite import DataSet
from microcosm_sqlite.types import EnumType
from sqlalchemy.orm import Mapped, mapped_column, relationship

Base = DataSet.create("birds")


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


class Kind(enum.Enum):
    WILD = "w"
    TAME = "t"


nests = sa.Table(
    "nests",
    Base.metadata,
    sa.Column("bird", sa.ForeignKey("birds.id"), primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)


class Family(Base):
    __tablename__ = "families"

    code: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    kind: Mapped[Kind] = mapped_column(EnumType(Kind))

    birds: Mapped[list[Bird]] = relationship(back_populates="kin")


class Bird(Base):
    __tablename__ = "birds"
    __full_text__ = ("name",)
    __table_args__ = (
        sa.Index("ix_birds_low", sa.func.lower(sa.column("name")), unique=True),
        sa.CheckConstraint("id > 0", name="counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    family: Mapped[str] = mapped_column(sa.ForeignKey(Family.code), index=True)
    size: Mapped[Size | None]
    weight: Mapped[float | None]

    kin: Mapped[Family] = relationship(back_populates="birds")


class Egg(Base):
    __tablename__ = "eggs"

    id: Mapped[int] = mapped_column(primary_key=True)
    more: Mapped[dict | None] = mapped_column(sa.JSON)


class Call(Base):
    __tablename__ = "calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    seen: Mapped[str]


small = sa.DDL("CREATE VIEW small AS SELECT * FROM birds WHERE size = 'SMALL'")
sa.event.listen(Base.metadata, "after_create", small)
"""
MAKE = """
def make_calls():
    for word in sorted({"tsik", "kra", "hoo"}):
        yield {"seen": word}
"""
OPTIONS = """
compression = "zstd"
[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.sources]
birds = "sources/birds.csv"
families = "sources/families.tsv.gz"
nests = "sources/nests.parquet"
eggs = "sources/eggs.jsonl"
calls = "birds_data.make:make_calls"
"""
BUILD = """
import os, sys
if sys.argv[2] == "1":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
else:
    from microcosm_sqlite.authoring.loading import parallel
    from microcosm_sqlite.authoring.sources import delimited as splitting
    parallel.count_processors = lambda: 3
    splitting.SMALLEST_PART = 1000
from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
build_dataset(ProjectSettings.from_pyproject(sys.argv[1]), force=True)
"""
MOODS: list[dict[str, Any]] = [
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "PYTHONUTF8": "0"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
]
UMASKS = [0o077, 0o002]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    birds = "id,name,family,size,weight\n" + "".join(
        f"{n},bird {n * 7919 % 10007} ä,{'PARU' if n % 3 else 'CORV'},"
        f"{('SMALL', 'LARGE', '')[n % 3]},{n / 7}\n"
        for n in range(1, 4000)
    )
    sources: dict[str, str | bytes] = {
        "birds.csv": birds,
        "families.tsv.gz": gzip.compress(b"code\tkind\nPARU\tWILD\nCORV\tTAME\n"),
        "eggs.jsonl": '{"id": 2, "more": {"b": 1, "a": [1.5, "ü"]}}\n{"id": 1}\n',
    }
    root = make_project(tmp_path / "one", models=MODELS, sources=sources, options=OPTIONS)
    (root / "src" / "birds_data" / "make.py").write_text(MAKE)
    settings = root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('sources = "sources"\n', ""))
    nests = {"bird": [3, 1, 2], "place": ["tree", "box", "box"]}
    parquet.write_table(pyarrow.table(nests), root / "sources" / "nests.parquet")
    return root


def build(root: Path, mood: int) -> list[bytes]:
    subprocess.run(
        [sys.executable, "-c", BUILD, root, str(mood)],
        check=True,
        env=os.environ | MOODS[mood],
        umask=UMASKS[mood],
    )
    package = root / "src" / "birds_data"
    return [(package / name).read_bytes() for name in ("birds.db.zst", "datapackage.json")]


def test_every_format_and_every_construct_of_models_gives_the_same_bytes(
    project: Path, tmp_path: Path
) -> None:
    first = build(project, 0)
    other = Path(shutil.copytree(project, tmp_path / "a much longer name" / "two"))
    for path in other.rglob("*"):
        os.utime(path, (10**9, 10**9))
    assert build(other, 1) == first
    plain = other / "plain.db"
    packed = io.BytesIO(first[0])
    with open_decompressed(packed, "zstd") as unpacked:
        plain.write_bytes(unpacked.read())
    with closing(sqlite3.connect(plain)) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM birds), (SELECT count(*) FROM small), "
            "(SELECT count(*) FROM calls), (SELECT count(*) FROM nests), "
            "(SELECT count(*) FROM birds_fts WHERE birds_fts MATCH 'bird')"
        ).fetchone()
    assert counts == (3999, 1333, 3, 3, 3999)


@pytest.mark.slow
def test_wheels_of_a_checkout_and_of_an_sdist_elsewhere_are_the_same(
    project: Path, tmp_path: Path
) -> None:
    unpack_sdist(build_sdist(project), tmp_path / "far away")
    wheels = []
    for mood, root in enumerate((project, tmp_path / "far away" / "birds_data-1.0")):
        time.sleep(2)  # the resolution of the clock in a zip file
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", root],
            check=True,
            capture_output=True,
            env=os.environ | MOODS[mood],
            umask=UMASKS[mood],
        )
        (wheel,) = (root / "dist").glob("*.whl")
        wheels.append(wheel.read_bytes())
    assert wheels[0] == wheels[1]
