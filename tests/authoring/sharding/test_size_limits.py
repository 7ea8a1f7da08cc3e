"""Which wheels are written in shards, and what is said of those that the index does not take."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sharding.size_limits import (
    ADVISED_LIMIT,
    COMPRESS,
    FILE_LIMIT,
    SET_SHARDS,
    SHARD,
    choose_shard_size,
    explain_refusal,
    find_remedy,
    needs_parts,
)
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.program import Program
from tests.support.projects import complete, make_project, run_build

SETTINGS = ProjectSettings(Path(), "birds", "birds_data.models", package="birds_data")
PACKED = replace(SETTINGS, compression="zstd")


@pytest.mark.parametrize(
    ("settings", "size", "chosen"),
    [
        (PACKED, FILE_LIMIT, sys.maxsize),
        (PACKED, FILE_LIMIT + 1, ADVISED_LIMIT),
        (SETTINGS, FILE_LIMIT + 1, sys.maxsize),
        (replace(PACKED, shards=1_000), 10, 1_000),
        (replace(PACKED, shards=1 << 30), FILE_LIMIT + 1, 1 << 30),
    ],
)
def test_what_the_index_does_not_take_is_written_in_shards_unless_the_settings_say_otherwise(
    settings: ProjectSettings, size: int, chosen: int
) -> None:
    assert choose_shard_size(settings, size) == chosen


@pytest.mark.parametrize(
    ("settings", "size", "said"),
    [
        (PACKED, FILE_LIMIT, ""),
        (PACKED, FILE_LIMIT + 1, SHARD),
        (SETTINGS, FILE_LIMIT + 1, COMPRESS),
        (replace(PACKED, shards=1 << 30), FILE_LIMIT + 1, ""),
    ],
)
def test_a_wheel_that_the_index_does_not_take_is_told_with_its_size(
    settings: ProjectSettings, size: int, said: str, tmp_path: Path
) -> None:
    wheel = tmp_path / "birds_data-1.0-py3-none-any.whl"
    wheel.touch()
    os.truncate(wheel, size)
    told = f"{wheel.name} has 104,857,601 bytes; the index takes 104,857,600."
    assert explain_refusal(settings, wheel) == ((told, said) if said else None)


def test_a_larger_size_in_the_settings_is_what_to_change() -> None:
    assert find_remedy("zstd", is_sharded=True) == SET_SHARDS
    assert find_remedy("none", is_sharded=True) == COMPRESS


def test_a_project_needs_parts_once_its_database_is_too_large(tmp_path: Path) -> None:
    make_project(tmp_path / "birds-data", options='compression = "zstd"')
    settings = ProjectSettings.from_pyproject(tmp_path / "birds-data")
    assert not needs_parts(settings)
    settings.database_path.touch()
    assert not needs_parts(settings)
    os.truncate(settings.database_path, FILE_LIMIT + 1)
    assert needs_parts(settings)
    assert needs_parts(replace(PACKED, root=settings.root, shards=1_000))
    assert needs_parts(replace(PACKED, root=settings.root, columnar=("birds",)))


MODELS = '''
from microcosm_sqlite import DataSet
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Song(Base):
    """A recording."""

    __tablename__ = "songs"

    id: Mapped[int] = mapped_column(primary_key=True)
    sound: Mapped[bytes]


def record():
    import random

    draw = random.Random(7)
    return ({"id": number, "sound": draw.randbytes(1 << 20)} for number in range(104))
'''


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["zstd", "none"])
def test_a_project_that_has_outgrown_the_index_is_told_what_to_do_and_it_helps(
    tmp_path: Path, compression: str
) -> None:
    project = make_project(
        tmp_path / "birds-data",
        models=MODELS,
        sources={},
        options=f'compression = "{compression}"\ncompression-level = 1\n',
    )
    complete(project)
    file = project / "pyproject.toml"
    file.write_text(
        file.read_text().replace('"sources"\n', '{ songs = "birds_data.models:record" }\n')
    )
    program = Program(tmp_path, tmp_path)
    wheel = project / "dist" / "birds_data-1.0-py3-none-any.whl"
    if compression == "none":
        done = program.run("build", "--quiet", project, "--wheels", project / "dist")
        assert re.search(rf"{wheel.name} has [\d,]+ bytes; the index takes", done.stderr)
        assert COMPRESS in done.stderr
        file.write_text(file.read_text().replace('"none"', '"zstd"'))
    built = run_build(project, "--wheel")
    assert re.search(rf"{wheel.name} has [\d,]+ bytes; the index takes", built.stderr)
    assert SHARD in built.stderr
    checked = program.run("check", project, "--json", code=1)
    (found,) = [each for each in json.loads(checked.stdout)["outcomes"] if each["code"] == "P11"]
    assert found["hint"] == SHARD
    *_, command = SHARD.partition("microcosm-sqlite ")
    done = Program(tmp_path, project).run(*command.split())
    assert "Warning" not in done.stderr
    first, second, whole = (project / line for line in done.stdout.splitlines())
    assert first.stat().st_size <= ADVISED_LIMIT
    assert second.parent.name == "shards"
    assert verify_wheel(whole).ok
    assert json.loads(program.run("check", project, "--json").stdout)["ok"]
