"""GeoJSON as a table: a column for each property, and the geometry as WKT."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from microcosm_sqlite.authoring.sources.json_streams import JsonStream
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance, open_text
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.errors import SourceError

GEOMETRY = "geometry"
"""The column that has the geometry, unless a property is called so."""
GEOMETRY_DESCRIPTION = ColumnDescription("Geometry as well-known text (WKT)")
DAMAGED = "Fetch or write it again; it is damaged, or not what its name says."


def write_wkt(geometry: Any, *, is_measured: bool = False) -> str | None:
    """A geometry of GeoJSON as well-known text; None for none.

    >>> write_wkt({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]})
    'POLYGON ((0 0, 1 0, 1 1, 0 0))'

    Args:
        geometry: The geometry.
        is_measured: Whether the last number of each position is a measure, which GeoJSON has not.

    Raises:
        ValueError: It is no geometry.
    """
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind == "GeometryCollection":
        parts = [write_wkt(each) or "" for each in geometry.get("geometries", ())]
        return f"GEOMETRYCOLLECTION ({', '.join(parts)})" if parts else "GEOMETRYCOLLECTION EMPTY"
    if kind not in _DEPTHS:
        raise ValueError(f"{kind!r} is not a type of geometry")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list | tuple):
        raise ValueError(f"a {kind} without coordinates")  # noqa: TRY004 - as for every fault
    widths = {len(each) for each in _list_positions(coordinates, _DEPTHS[kind])}
    if not widths:
        return f"{kind.upper()} EMPTY"
    marks = _MEASURED_MARKS if is_measured else _MARKS
    if len(widths) > 1 or not widths <= marks.keys():
        raise ValueError(f"a {kind} whose positions have not two or three numbers each")
    mark = marks[widths.pop()]
    return f"{kind.upper()}{mark} {_write_positions(coordinates, _DEPTHS[kind], kind)}"


_MARKS = {2: "", 3: " Z"}
_MEASURED_MARKS = {3: " M", 4: " ZM"}
"""How many numbers a position has, to what well-known text says of it."""

_DEPTHS = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How many lists are around each position."""


def _list_positions(coordinates: Any, depth: int) -> Iterator[Sequence[Any]]:
    if depth:
        for each in coordinates:
            yield from _list_positions(each, depth - 1)
    elif coordinates:
        yield coordinates


def _write_positions(coordinates: Any, depth: int, kind: str) -> str:
    if depth == 0:
        text = " ".join(map(_write_number, coordinates))
        return text if kind not in ("Point", "MultiPoint") else f"({text})"
    if not coordinates:
        return "EMPTY"
    return f"({', '.join(_write_positions(each, depth - 1, kind) for each in coordinates)})"


def _write_number(value: Any) -> str:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise ValueError(f"{value!r} is not a coordinate")
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole else str(value)


_LINES = (
    "If it has a feature on each line, write them as one collection: ogr2ogr -f GeoJSON "
    "all.geojson {}"
)
_BEGINNING = '{"type": "FeatureCollection", "features": ['


@dataclass(frozen=True)
class GeoJsonOpener:
    """Opens one file of GeoJSON, whose features are rows, which are read one by one.

    The file is read twice, since a later feature may have a property that no earlier one has.
    """

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It is not a collection of features.
        """
        name, path = self.source.name, self.source.path
        with open_text(path, name=name) as text:
            survey = _Survey()
            for number, feature in enumerate(_read_features(text, name, survey), start=1):
                survey.add(*_read_feature(feature, name, number))
        if survey.kind not in ("FeatureCollection", "Feature") or not survey.has_features:
            raise SourceError(
                f"{name} is not a collection of features, but {survey.kind or 'other JSON'}.",
                file=name,
                hint=f"GeoJSON begins with {_BEGINNING}; write it so.",
            )
        with open_text(path, advance=advance, name=name) as text:
            yield _Features(name, text, survey)


@dataclass
class _Survey:
    """What is known of a file once it was read.

    Attributes:
        kind: What GeoJSON calls it.
        has_features: Whether it has a list of them, or is one.
        system: The reference system of its coordinates, if it says which.
        count: How many features there are.
        has_ids: Whether any has an identity.
        given: How many features have each property.
    """

    kind: str = ""
    has_features: bool = False
    system: Any = None
    count: int = 0
    has_ids: bool = False
    given: Counter[str] = field(default_factory=Counter)

    def add(self, properties: Mapping[str, Any], identity: Any, _: object) -> None:
        """Take a feature into account."""
        self.count += 1
        self.has_ids |= identity is not None
        self.given.update(properties.keys())


def _read_features(text: IO[str], name: str, survey: _Survey) -> Iterator[Any]:
    """The features of a file; the survey is told of the rest of it.

    Raises:
        SourceError: It is not JSON, or no object.
    """
    stream, told, is_whole = JsonStream(text), dict[str, Any](), False
    try:
        if stream.find_next() != "{":
            stream.read_value()
            return
        for key in stream.read_keys():
            if key == "features" and stream.find_next() == "[":
                survey.has_features = True
                yield from stream.read_array()
            else:
                told[key] = stream.read_value()
        is_whole = True
        stream.refuse_more("object")
    except (ValueError, RecursionError) as error:
        reason = str(error)
        if isinstance(error, json.JSONDecodeError):
            stream.find_place(error)
            reason = f"{error.msg} (character {stream.column})"
        is_followed = is_whole and told.get("type") == "Feature"
        raise SourceError(
            f"{name}, line {stream.line} is not JSON: {reason}.",
            file=name,
            line=stream.line,
            hint=_LINES.format(shlex.quote(name)) if is_followed else DAMAGED,
        ) from error
    survey.kind, survey.system = str(told.get("type", "")), told.get("crs")
    if survey.kind == "Feature":
        survey.has_features = True
        yield told


class _Features(Records):
    unit = "feature"
    has_types = True

    def __init__(self, name: str, text: IO[str], survey: _Survey) -> None:
        given, has_ids = survey.given, survey.has_ids
        identity = [find_free_name("id", {key.lower() for key in given})] * has_ids
        taken = {key.lower() for key in (*identity, *given)}
        geometry = find_free_name(GEOMETRY, taken)
        super().__init__(name, [*identity, *given, geometry])
        self.is_empty = not survey.count
        self.descriptions = {geometry: GEOMETRY_DESCRIPTION}
        self.notes = tuple(_describe_system(survey.system))
        self.missing = (*([0] * has_ids), *(survey.count - n for n in given.values()), 0)
        self._text = text
        self._survey = survey

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the number of its feature."""
        properties, has_ids = [*self._survey.given], self._survey.has_ids
        features = _read_features(self._text, self.name, _Survey())
        for number, feature in enumerate(features, start=1):
            values, identity, shape = _read_feature(feature, self.name, number)
            yield number, [*([identity] * has_ids), *map(values.get, properties), shape]


def _read_feature(feature: Any, name: str, number: int) -> tuple[Mapping[str, Any], Any, Any]:
    """The properties of a feature, its identity and its geometry as text."""
    try:
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise ValueError('its type is not "Feature"')  # noqa: TRY301 - as for every fault
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict):
            raise ValueError("properties that are not an object")  # noqa: TRY004, TRY301
        return properties, feature.get("id"), write_wkt(feature.get("geometry"))
    except ValueError as error:
        raise SourceError(
            f"{name}, feature {number}: {error}.",
            file=name,
            line=number,
            hint="Correct it, or leave the feature out.",
        ) from error


def _describe_system(system: Any) -> Iterator[str]:
    if isinstance(system, dict):
        properties = system.get("properties")
        told = properties.get("name") if isinstance(properties, dict) else ""
        told = told or "a system of their own"
        yield f"its coordinates are in {told}, which WKT does not say"
