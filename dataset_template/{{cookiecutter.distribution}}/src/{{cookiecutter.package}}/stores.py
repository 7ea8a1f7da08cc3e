{% set draft = cookiecutter._draft | default(none) -%}
{% if draft -%}
{{ draft.stores }}
{%- else -%}
"""Stores (repository pattern): one per model, with the searches that readers need."""

from __future__ import annotations

from microcosm_sqlite import Store

from {{ cookiecutter.package }}.models import Block, Element


class BlockStore(Store[Block]):
    """Blocks of the periodic table, searched by any column."""


class ElementStore(Store[Element]):
    """Elements, searched by any column."""
{% endif -%}
