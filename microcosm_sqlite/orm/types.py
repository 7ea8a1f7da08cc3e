"""Column types, what engines do otherwise than SQLAlchemy, equality of models, new identifiers."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import TIMESTAMP, DateTime
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.types import Boolean, TypeDecorator, Unicode

from microcosm_sqlite.common.kinds import as_utc, parse_boolean
from microcosm_sqlite.orm.comparing import AlikeCompiler, copy_examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Dialect, Engine

    from microcosm_sqlite.catalog.installed import InstalledDataset

E = TypeVar("E", bound=Enum)


class EnumType(TypeDecorator[E]):
    """An enumeration stored by the names of its members.

    Members and their names are both taken.

    Args:
        enum_class: The enumeration.
    """

    impl = Unicode
    cache_ok = True

    def __init__(self, enum_class: type[E]) -> None:
        super().__init__(255)
        self.enum_class = enum_class

    @property
    def python_type(self) -> type[Any]:
        """The type of what is stored, which is text."""
        return str

    def process_bind_param(self, value: E | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """A member, or the name of one, as its name."""
        if value is None:
            return None
        if isinstance(value, Enum):
            return self.enum_class(value).name
        return self.enum_class[value].name

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        """The member of this name."""
        return None if value is None else self.enum_class[value]


class Truthy(TypeDecorator[bool]):
    """A boolean that also takes text, such as ``"yes"``, ``"off"`` and ``"1"``.

    Empty text is false; text that spells no boolean is refused with a ValueError.
    """

    impl = Boolean
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> bool | None:  # noqa: ARG002
        """The boolean that a value stands for."""
        return None if value is None else parse_boolean(value)


class MomentInUTC(DATETIME):
    """A datetime that is compared as builds store it.

    SQLAlchemy would drop its offset, and its fraction of a second where the column has none.
    """

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Return what converts a parameter to the stored text."""
        bind: Any = super().bind_processor(dialect)
        is_cut = bind(_FRACTION) == bind(_FRACTION.replace(microsecond=0))

        def bind_moment(value: Any) -> Any:
            if not isinstance(value, datetime):
                return bind(value)
            value = as_utc(value)
            is_between = is_cut and value.microsecond
            return value.isoformat(" ", "microseconds") if is_between else bind(value)

        return bind_moment


_FRACTION = datetime(2013, 1, 1, microsecond=1)


class SecondInUTC(MomentInUTC):
    """The same where all columns are known to store whole seconds."""

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Return what converts a parameter to the stored text."""
        bind = super().bind_processor(dialect)

        def bind_second(value: Any) -> Any:
            text = bind(value)
            return text.removesuffix(".000000") if isinstance(text, str) else text

        return bind_second


class IdentityMixin:
    """Equality by value: two instances are equal if their types and loaded columns are.

    Define :attr:`identity` to say which value the hash is made from.
    """

    @property
    def identity(self) -> object:
        """What tells this instance from others of its type, or None for the object itself."""
        raise NotImplementedError("identity")

    def _members(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, IdentityMixin)
            and type(other) is type(self)
            and self._members() == other._members()
        )

    def __hash__(self) -> int:
        identity = self.identity
        return id(self) if identity is None else hash(identity)


def new_object_id() -> UUID:
    """A random UUID."""
    return uuid4()


UNKNOWN_KEYWORDS = frozenset({"nothing", "returning"})
"""Keywords of SQLite 3.53 that SQLAlchemy does not quote and that cannot name a table or column."""

WHOLE_SECONDS = "%Y-%m-%d %H:%M:%S"
"""The format, in manifests, of columns whose model chooses to store no fractions of a second."""


def adapt_dialect(engine: Engine) -> None:
    """Let an engine compare values as stores do, and quote any keyword."""
    engine.dialect.statement_compiler = AlikeCompiler
    quote_keywords(engine)


def quote_keywords(engine: Engine) -> None:
    """Let tables and columns have any keyword as their name."""
    preparer = engine.dialect.identifier_preparer
    preparer.reserved_words = {*preparer.reserved_words, *UNKNOWN_KEYWORDS}


def compare_in_utc(engine: Engine, type_: type[MomentInUTC] = MomentInUTC) -> None:
    """Let an engine find moments with an offset in data that was built."""
    engine.dialect.colspecs = {**engine.dialect.colspecs, DateTime: type_, TIMESTAMP: type_}


def compare_as_stored(engine: Engine, dataset: InstalledDataset) -> None:
    """The same in the form of a dataset, for types that choose none, such as reflected ones.

    That is possible where all of its columns of moments have one form.
    """
    tables = dataset.manifest.tables.values() if dataset.manifest else ()
    fields = (field for table in tables for field in table.fields)
    if {field.format for field in fields if field.type == "datetime"} == {WHOLE_SECONDS}:
        compare_in_utc(engine, SecondInUTC)


def copy_dialect(source: Engine, target: Engine) -> None:
    """Let another engine do as one does."""
    adapt_dialect(target)
    copy_examples(source, target)
    target.dialect.colspecs = source.dialect.colspecs
