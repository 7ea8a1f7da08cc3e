"""Labels that an enumeration gains or loses are told, though the schema may be the same."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from microcosm_sqlite.authoring.comparing.comparison import compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.catalog.opening import open_dataset
from tests.support.drafts import build
from tests.support.projects import make_project

MODELS = '''\
"""Models of a test."""

from __future__ import annotations

from microcosm_sqlite import DataSet
from sqlalchemy import Enum
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Bird(Base):
    """A bird."""

    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    ring: Mapped[str] = mapped_column({type})
'''
TYPES = ('Enum("red", "teal")', 'Enum("blue", "red", "teal")', 'Enum("blue", "red")', "")


def test_a_new_label_is_told_and_a_removed_one_breaks_readers(tmp_path: Path) -> None:
    sides = []
    for number, declared in enumerate(TYPES):
        models, sources = MODELS.format(type=declared), {"birds.csv": "id,ring\n1,red\n"}
        project = make_project(tmp_path / f"{number}", models=models, sources=sources)
        sides.append(open_dataset(str(build(project)), str(tmp_path)))
    added, removed, freed = (compare_datasets(*pair) for pair in pairwise(sides))
    assert [str(change) for change in added.schema] == ["label ring: blue added"]
    assert added.level == "minor"
    assert "### Added\n\n- Label `ring: blue` of `birds`." in render_changelog(added)
    assert [str(change) for change in removed.schema] == ["label ring: teal removed"]
    assert removed.level == "major"
    assert not [change for change in freed.schema if change.thing == "label"]
