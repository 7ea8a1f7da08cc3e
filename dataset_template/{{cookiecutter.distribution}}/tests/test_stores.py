{% set draft = cookiecutter._draft | default(none) -%}
{% if draft -%}
"""The stores answer with models."""

from __future__ import annotations

from typing import Any

import pytest
from microcosm_sqlite import Store

from {{ cookiecutter.package }} import stores

STORES = [value for name, value in vars(stores).items() if name[:-5] and name.endswith("Store")]


@pytest.mark.parametrize("store_class", STORES)
def test_a_store_counts_and_reads_its_rows(store_class: type[Store[Any]]) -> None:
    store = store_class()
    first = store.first()
    assert (first is None) == (store.count() == 0)
    assert first is None or isinstance(first, store.model_class)
{% else -%}
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
{% endif -%}
