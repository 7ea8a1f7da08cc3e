"""Diagrams draw every table and every reference, whatever refers to what."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.common.wording import measure, spell_on_one_line
from microcosm_sqlite.interop.card import diagram
from microcosm_sqlite.interop.card.diagram import draw_diagram, find_references
from tests.support.markup import Elements


def table(name, *targets):
    """A table with an id, and a column for each table that it refers to."""
    return Table(
        {
            "name": name,
            "schema": {
                "fields": [{"name": "id"}, *({"name": f"to_{target}"} for target in targets)],
                "primaryKey": ["id"],
                "foreignKeys": [
                    {
                        "fields": [f"to_{target}"],
                        "reference": {
                            "resource": "" if target == name else target,
                            "fields": ["id"],
                        },
                    }
                    for target in targets
                ],
            },
        }
    )


NAMES = [f"t{n}" for n in range(6)]
GRAPHS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), unique=True)


@given(GRAPHS)
def test_all_related_tables_and_references_are_drawn_and_no_boxes_overlap(edges):
    tables = {name: table(name, *(b for a, b in edges if a == name)) for name in NAMES}
    drawn = Elements(draw_diagram(tables))
    assert not drawn.open
    if not edges:
        assert not drawn.elements
        return
    assert {name for edge in edges for name in edge} == set(NAMES) & set(drawn.text)
    assert drawn.having("class").count("arrow") == len(edges)
    corners = [
        tuple(map(int, place.removeprefix("translate(").removesuffix(")").split()))
        for place in drawn.having("transform")
    ]
    sizes = [int(values["height"]) for _, values in drawn.elements if values.get("class") == "box"]
    boxes = [(x, y, height) for (x, y), height in zip(corners, sizes, strict=True)]
    for (x1, y1, h1), (x2, y2, h2) in combinations(boxes, 2):
        assert abs(x1 - x2) >= diagram.NARROWEST or y1 + h1 <= y2 or y2 + h2 <= y1


def test_references_go_from_left_to_right():
    tables = {name: table(name, *to) for name, to in {"c": "b", "a": "", "b": "a"}.items()}
    drawn = Elements(draw_diagram(tables))
    names = [text for text in drawn.text if text in tables]
    places = [int(place[10:].split()[0]) for place in drawn.having("transform")]
    assert sorted(zip(places, names, strict=True)) == sorted(
        [(places[names.index(name)], name) for name in "cba"]
    )
    assert [name for _, name in sorted(zip(places, names, strict=True))] == ["c", "b", "a"]


def test_it_is_told_in_words_too():
    tables = {"birds": table("birds", "species"), "species": table("species")}
    assert "birds.to_species refers to species.id." in draw_diagram(tables)


def test_a_reference_into_another_dataset_is_not_drawn():
    assert find_references({"birds": table("birds", "elsewhere.species")}) == []


def test_a_chain_of_thousands_of_tables_is_drawn():
    tables = {f"t{n}": table(f"t{n}", f"t{n + 1}") for n in range(3000)} | {"t3000": table("t3000")}
    levels = Elements(draw_diagram(tables)).having("transform")
    assert len({place.split()[0] for place in levels}) == 3001


def test_thirty_tables_that_refer_to_one_are_drawn_in_columns_of_a_screen():
    tables = {f"t{n}": table(f"t{n}", "hub") for n in range(30)} | {"hub": table("hub")}
    drawn = Elements(draw_diagram(tables))
    boxes = [values.get("viewbox") or values.get("viewBox") for _, values in drawn.elements]
    _, _, width, height = map(int, next(filter(None, boxes)).split())
    assert height <= diagram.TALLEST + 2 * diagram.MARGIN
    assert width < 6 * (diagram.WIDEST + diagram.GAP_X)


@given(st.text("ab_東\u0308\x1b", min_size=1, max_size=60))
def test_names_that_do_not_fit_are_shortened_and_can_be_read_in_full(name):
    drawn = Elements(draw_diagram({name: table(name, "hub"), "hub": table("hub")}))
    whole = spell_on_one_line(name)
    shown = drawn.text[2]  # behind the title and the description of the diagram
    assert whole in drawn.text
    assert shown == whole or shown.endswith("…")
    assert measure(shown) * diagram.NAME_SIZE * diagram.LETTER <= diagram.WIDEST
