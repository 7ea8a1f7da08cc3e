"""Shapefiles as tables: the columns of the table beside them, and the geometry as WKT."""

from __future__ import annotations

import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.sources.companions import INCOMPLETE, find_companion, refuse_cut
from microcosm_sqlite.authoring.sources.dbase import DbaseTable, open_dbase
from microcosm_sqlite.authoring.sources.records import Records, SourceFile, library
from microcosm_sqlite.authoring.sources.spatial import (
    DAMAGED,
    GEOMETRY,
    GEOMETRY_DESCRIPTION,
    write_wkt,
)
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.common.wording import find_free_name, spell_count
from microcosm_sqlite.errors import SourceError

_HEAD = 100


@dataclass(frozen=True)
class ShapeOpener:
    """Opens one shapefile with the table beside it."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            MissingDependencyError: pyshp is not installed.
            SourceError: It is no shapefile, or its table is missing.
        """
        name, path = self.source.name, self.source.path
        with library("spatial", name):
            import shapefile
        table_path = find_companion(path, ".dbf")
        if not table_path:
            raise SourceError(
                f"{name} has no table beside it.",
                file=name,
                hint=f"Put {path.stem}.dbf beside it, with {path.stem}.shx: they belong together.",
            )
        refuse_cut(path, name, _read_size(path))
        with ExitStack() as stack:
            table = stack.enter_context(open_dbase(table_path, name))
            parts = {"shp": path, "shx": find_companion(path, ".shx")}
            streams = {
                part: stack.enter_context(file.open("rb")) for part, file in parts.items() if file
            }
            with _explained(name), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of sizes, which were looked at
                reader = stack.enter_context(shapefile.Reader(**streams))
                count = len(reader)
            if count != table.total:
                raise SourceError(
                    f"{name} has {spell_count(count, 'shape')}, and its table "
                    f"{spell_count(table.total, 'row')}.",
                    file=name,
                    hint=INCOMPLETE,
                )
            yield _Shapes(self.source, reader, table)
            advance(self.source.size)


def _read_size(path: Path) -> int:
    """How many bytes a shapefile says that it has."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    told: int = struct.unpack_from(">L", head, 24)[0] * 2 if len(head) == _HEAD else 0
    return max(told, _HEAD)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    import shapefile

    failures = (shapefile.ShapefileException, struct.error, ValueError, IndexError)
    try:
        yield
    except shapefile.GeoJSON_Error as error:
        raise SourceError(
            f"{name} is a shape of a kind that is not read ({str(error).rstrip('.')}).",
            file=name,
            hint="Write it as polygons, lines or points in the program that made it.",
        ) from error
    except (*failures, shapefile.RingSamplingError) as error:
        raise SourceError(
            f"{name} cannot be read: {str(error).rstrip('.')}.", file=name, hint=DAMAGED
        ) from error


class _Shapes(Records):
    unit = "row"
    has_types = True

    def __init__(self, source: SourceFile, reader: Any, table: DbaseTable) -> None:
        geometry = find_free_name(GEOMETRY, {field.lower() for field in table.header})
        super().__init__(source.name, [*table.header, geometry])
        self.descriptions = {geometry: GEOMETRY_DESCRIPTION}
        self.notes = (*table.notes, *_describe_system(source.path))
        self._reader = reader
        self._table = table

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its number, in which deleted ones count."""
        for number, row in self._table.numbered():
            with _explained(f"{self.name}, row {number}"):
                row.append(_write_shape(self._reader.shape(number - 1)))
            yield number, row


def _describe_system(path: Path) -> Iterator[str]:
    if system := find_companion(path, ".prj"):
        told = system.read_text("utf-8", "replace").partition('"')[2].partition('"')[0]
        yield f"its coordinates are in {told}, which WKT does not say"


def _write_shape(shape: Any) -> str | None:
    """A shape as well-known text, with the heights and the measures that it has."""
    if shape.shapeType == 0:
        return None
    heights = getattr(shape, "z", ())
    measures = [math.nan if each is None else each for each in getattr(shape, "m", ())]
    has_measures = not all(map(math.isnan, measures))
    columns = [*([heights] * bool(heights)), *([measures] * has_measures)]
    # The interface for geometries leaves them out, but passes on whatever a position has.
    shape.points = [
        (*point[:2], *more) for point, *more in zip(shape.points, *columns, strict=True)
    ]
    return write_wkt(shape.__geo_interface__, is_measured=has_measures)
