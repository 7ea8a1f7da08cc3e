"""The stores answer with models, in a context as well as without one."""

from __future__ import annotations

from {{ cookiecutter.package }}.stores import BlockStore, ElementStore


def test_an_element_is_found_by_its_symbol() -> None:
    iron = ElementStore().one(symbol="Fe")
    assert (iron.number, iron.name) == (26, "Iron")


def test_a_search_is_narrowed_by_each_argument() -> None:
    assert [row.symbol for row in ElementStore().search(block="s", period=1)] == ["H", "He"]


def test_a_block_knows_its_elements() -> None:
    block = BlockStore().first()
    assert block is not None
    assert {element.block for element in block.elements} == {block.block}
