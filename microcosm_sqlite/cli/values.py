"""Numbers that know how people want to read them; in data formats they are plain numbers."""

from __future__ import annotations

from typing import ClassVar

from microcosm_sqlite.common.wording import spell_count


class Count(int):
    """How many: with thousands separators in tables."""

    def human(self) -> str:
        """The number as a table shows it.

        >>> Count(336776).human()
        '336,776'
        """
        return f"{int(self):,}"

    def of(self, thing: str) -> str:
        """The number of some thing, in words.

        >>> Count(1).of("table"), Count(5).of("table")
        ('1 table', '5 tables')
        """
        return spell_count(self, thing)


class Size(int):
    """How many bytes."""

    _UNITS: ClassVar = ("kB", "MB", "GB", "TB")

    def human(self) -> str:
        """The size as a table shows it, in decimal units.

        >>> Size(38_400_000).human()
        '38.4 MB'
        """
        if self < 1000:
            return f"{int(self)} B"
        amount = float(self)
        for unit in self._UNITS:
            amount /= 1000
            if amount < 999.95 or unit == self._UNITS[-1]:
                break
        return f"{amount:,.1f} {unit}"
