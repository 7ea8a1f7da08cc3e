"""A model may choose how moments are stored, and what that form cannot hold is refused."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from microcosm_sqlite.authoring.finishing.fields import describe_field
from microcosm_sqlite.authoring.values.own_forms import find_own_form
from microcosm_sqlite.common.kinds import KINDS
from microcosm_sqlite.errors import SourceValueError
from tests.support.loading import load_text

SHORT = sqlite.DATETIME(truncate_microseconds=True)


@pytest.mark.parametrize(
    ("type_", "kind", "form"),
    [
        (sa.DateTime(), "datetime", ""),
        (sa.TIMESTAMP(), "datetime", ""),
        (SHORT, "datetime", "%Y-%m-%d %H:%M:%S"),
        (sqlite.TIME(truncate_microseconds=True), "time", "%H:%M:%S"),
        (sqlite.DATE(storage_format="%(day)02d.%(month)02d.%(year)04d"), "date", "%d.%m.%Y"),
        (sa.Date(), "date", ""),
        (sa.Integer(), "integer", ""),
    ],
    ids=str,
)
def test_a_form_of_its_own_is_told_in_the_manifest(
    type_: sa.types.TypeEngine[object], kind: str, form: str
) -> None:
    assert find_own_form(type_, KINDS[kind]) == form
    table = sa.Table("t", sa.MetaData(), sa.Column("x", type_))
    described = describe_field(table.c.x)
    assert described.get("format", "") == (form or KINDS[kind].format)


def test_what_the_form_has_no_place_for_is_refused(tmp_path: Path) -> None:
    table = sa.Table("events", sa.MetaData(), sa.Column("at", SHORT))
    loaded = load_text(table, tmp_path, "at\n2013-01-01T10:00Z\n2013-01-01 12:00:01\n")
    assert loaded.stored == [("2013-01-01 10:00:00",), ("2013-01-01 12:00:01",)]
    assert loaded.read[0] == (datetime(2013, 1, 1, 10),)
    with pytest.raises(
        SourceValueError, match=r"line 3, .*has no place for 2013-01-01 10:00:00\.5"
    ):
        load_text(table, tmp_path, "at\n2013-01-01T10:00\n2013-01-01T10:00:00.5\n")
