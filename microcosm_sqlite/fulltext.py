"""Import path for users; the code is in `microcosm_sqlite.orm.fulltext`."""

from __future__ import annotations

from microcosm_sqlite.orm.fulltext import FullTextIndex, create_full_text_indexes, full_text_index

__all__ = ["FullTextIndex", "create_full_text_indexes", "full_text_index"]
