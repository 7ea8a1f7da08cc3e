"""Stores (repository pattern): one per model, with the searches that readers need."""

from __future__ import annotations

from microcosm_sqlite import Store

from {{ cookiecutter.package }}.models import Block, Element


class BlockStore(Store):
    """Blocks of the periodic table."""

    @property
    def model_class(self) -> type[Block]:
        """The model that this store reads."""
        return Block


class ElementStore(Store):
    """Elements, searched by ``block``, ``period`` or ``symbol``."""

    auto_filter_fields = [Element.block, Element.period, Element.symbol]

    @property
    def model_class(self) -> type[Element]:
        """The model that this store reads."""
        return Element
