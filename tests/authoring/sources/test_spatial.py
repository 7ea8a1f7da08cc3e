"""GeoJSON: properties as columns, geometries as WKT that others read."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources import json_streams
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.spatial import GeoJsonOpener, write_wkt
from microcosm_sqlite.errors import SourceError

SQUARE = [[[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 1]]]


@pytest.mark.parametrize(
    ("kind", "coordinates", "text"),
    [
        ("Point", [1.5, -2], "POINT (1.5 -2)"),
        ("Point", [1, 2, 3.25], "POINT Z (1 2 3.25)"),
        ("Point", [], "POINT EMPTY"),
        ("MultiPoint", [[1, 2], [3, 4.0]], "MULTIPOINT ((1 2), (3 4))"),
        ("LineString", [[1, 2], [3, 4]], "LINESTRING (1 2, 3 4)"),
        ("Polygon", SQUARE[:1], "POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))"),
        ("MultiLineString", [[[1, 2], [3, 4]]], "MULTILINESTRING ((1 2, 3 4))"),
        ("MultiPolygon", [], "MULTIPOLYGON EMPTY"),
    ],
)
def test_geometries_are_written_as_text(kind: str, coordinates: Any, text: str) -> None:
    geometry = {"type": kind, "coordinates": coordinates}
    assert write_wkt(geometry) == text
    collection = {"type": "GeometryCollection", "geometries": [geometry]}
    assert write_wkt(collection) == f"GEOMETRYCOLLECTION ({text})"


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
POSITIONS = st.lists(NUMBERS, min_size=2, max_size=2)


@given(st.lists(POSITIONS, min_size=2))
def test_no_digit_of_a_coordinate_is_lost(positions: list[list[float]]) -> None:
    text = write_wkt({"type": "LineString", "coordinates": positions})
    assert text is not None
    inside = text.removeprefix("LINESTRING (").removesuffix(")")
    assert [[*map(float, pair.split())] for pair in inside.split(", ")] == [
        [*map(float, pair)] for pair in positions
    ]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Circle", "coordinates": [1, 2]},
        {"type": "Point"},
        {"type": "Point", "coordinates": "12"},
        {"type": "Point", "coordinates": [1]},
        {"type": "Point", "coordinates": [True, 2]},
        {"type": "LineString", "coordinates": [[1, 2], [1, 2, 3]]},
        [1, 2],
    ],
)
def test_what_is_no_geometry_is_refused_with_its_feature(tmp_path: Path, geometry: Any) -> None:
    path = write_features(tmp_path / "t.geojson", [({"a": 1}, None), ({"a": 2}, geometry)])
    with (
        pytest.raises(SourceError, match=r"t\.geojson, feature 2: "),
        GeoJsonOpener(SourceFile(path, path.name, "geojson"))(),
    ):
        pass


def write_features(path: Path, rows: list[tuple[Any, Any]], **more: Any) -> Path:
    features = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for properties, geometry in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


@pytest.mark.parametrize("chunk", [1, 7, json_streams.CHUNK])
def test_features_are_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(json_streams, "CHUNK", chunk)
    rows = [({"a": 1, "geometry": "x"}, {"type": "Point", "coordinates": [1, 2]}), ({"b": 2}, None)]
    path = write_features(tmp_path / "t.geojson", rows)
    with GeoJsonOpener(SourceFile(path, path.name, "geojson"))() as records:
        assert records.header == ["a", "geometry", "b", "geometry_2"]
        assert [*records.numbered()] == [
            (1, [1, "x", None, "POINT (1 2)"]),
            (2, [None, None, 2, None]),
        ]
        assert records.missing == (1, 1, 1, 0)


SYSTEM = {"type": "name", "properties": {"name": "EPSG:3857"}}


@pytest.mark.parametrize("chunk", [1, 7, json_streams.CHUNK])
def test_the_members_of_a_collection_may_have_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(json_streams, "CHUNK", chunk)
    features = [{"type": "Feature", "id": 7, "properties": {"a": 1.5}, "geometry": None}]
    members = {"features": features, "bbox": [1, 2], "n": 1234, "type": "FeatureCollection"}
    path = tmp_path / "t.geojson"
    for indent in (None, 2):
        path.write_text(json.dumps({**members, "crs": SYSTEM}, indent=indent))
        with GeoJsonOpener(SourceFile(path, path.name, "geojson"))() as records:
            assert (records.header, [*records]) == (["id", "a", "geometry"], [[7, 1.5, None]])
            assert records.notes == ("its coordinates are in EPSG:3857, which WKT does not say",)
    path.write_text(json.dumps(features[0]))
    with GeoJsonOpener(SourceFile(path, path.name, "geojson"))() as records:
        assert [*records] == [[7, 1.5, None]]


@pytest.mark.slow
def test_a_file_takes_no_more_memory_than_its_features(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    path = write_features(tmp_path / "t.geojson", [({"text": "x" * 500}, point)] * 20_000)
    tracemalloc.start()
    with GeoJsonOpener(SourceFile(path, path.name, "geojson"))() as records:
        assert sum(1 for _ in records) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20 < path.stat().st_size // 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "line 1 is not JSON"),
        ("[]", "but other JSON"),
        ('{"type": "Topology"}', "but Topology"),
        ("", "line 1 is not JSON"),
        ('{"features": [1]}', 'feature 1: its type is not "Feature"'),
        ('{"type": "FeatureCollection",\n "features": [], "type": 1}', "line 2 is not JSON"),
        ('{"type": "FeatureCollection",\n "features": []}\n1', "line 3 is not JSON"),
        ('{"type": "FeatureCollection",\n "features": null}', "but FeatureCollection"),
    ],
)
def test_other_json_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "t.geojson"
    path.write_text(content)
    with (
        pytest.raises(SourceError, match=rf"^t\.geojson.* {told}"),
        GeoJsonOpener(SourceFile(path, path.name, "geojson"))(),
    ):
        pass
