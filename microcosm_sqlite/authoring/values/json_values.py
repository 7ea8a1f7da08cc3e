"""JSON documents that other readers understand, and that SQLite keeps as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from microcosm_sqlite.authoring.values.parsing import refuse_constant

Binder = Callable[[Any], Any]


def make_json_binder(bind: Binder) -> Binder:
    """What a JSON type stores for a document, where that is JSON.

    Python writes NaN and Infinity, which JSON does not have. And a column that is declared JSON
    has numeric affinity, so that SQLite would round a document that is one large whole number.
    """

    def bind_document(document: Any) -> Any:
        text = bind(document)
        if isinstance(text, str):
            if "NaN" in text or "Infinity" in text:
                json.loads(text, parse_constant=refuse_constant)
            if text.lstrip("-").isdigit() and not -(2**63) <= int(text) < 2**63:
                raise ValueError("SQLite keeps whole numbers of 64 bits")
        return text

    return bind_document
