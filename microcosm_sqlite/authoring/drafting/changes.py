"""What a refreshment finds, of all tables: what it reports, edits, and leaves to the author."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from microcosm_sqlite.authoring.drafting.codebook import Codebook
from microcosm_sqlite.authoring.drafting.model_edits import ModelText
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription


@dataclass
class Changes:
    """A description of new editions, and the edits that they need.

    Attributes:
        settings: The settings of the project.
        models_text: The module of its models.
        codebook: What columns mean.
        report: What is new, as lines.
        decisions: What no longer fits, of which only the author can say what to do.
        added: Lines for the settings, by the table that they belong to.
        takes_fewer: Whether a table may lose half of its rows.
        described: Table to what the file of the edition before says that its fields mean.
        noted: Table to what of its files of the edition before was not taken as it stands.
        new: Table to the names of its new columns.
        cut: The tables whose file does not end in a line, as that of the edition before did.
    """

    settings: ProjectSettings
    models_text: ModelText
    codebook: Codebook
    report: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    added: dict[str, list[str]] = field(default_factory=dict)
    takes_fewer: bool = False
    cut: set[str] = field(default_factory=set)
    new: dict[str, list[str]] = field(default_factory=dict)
    described: dict[str, Mapping[str, ColumnDescription]] = field(default_factory=dict)
    noted: dict[str, frozenset[str]] = field(default_factory=dict)
