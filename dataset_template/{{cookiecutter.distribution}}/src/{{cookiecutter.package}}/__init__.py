"""{{ cookiecutter.description }}."""

from __future__ import annotations

import os

{% if cookiecutter.compression == "none" %}
def path(graph: object = None) -> str:
    """Return where the database is: the entry point by which microcosm-sqlite finds it."""
    return os.path.join(os.path.dirname(__file__), "{{ cookiecutter.dataset }}.db")
{%- else %}
def path(graph: object = None) -> str | os.PathLike[str]:
    """Return where the database is, extracting it on first use: the dataset's entry point."""
    import microcosm_sqlite

    return microcosm_sqlite.dataset("{{ cookiecutter.dataset }}").path
{%- endif %}
