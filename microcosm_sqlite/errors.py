"""Every exception that this package raises, as one tree.

::

    MicrocosmSQLiteError                  (SQLiteError, its name in 2.0.0)
    ├── ModelIntegrityError               a row breaks a constraint
    │   ├── DuplicateModelError           ... a primary or unique key
    │   └── MultipleModelsFoundError      one row was asked for, several match
    ├── ModelNotFoundError                one row was asked for, none matches
    ├── DatasetError                      finding or opening a dataset
    │   ├── DatasetNotFoundError          no dataset has this name
    │   ├── TableNotFoundError            the dataset has no such table
    │   ├── AmbiguousDatasetError         two distributions claim one name
    │   ├── BrokenDistributionError       a distribution's metadata cannot be used
    │   ├── ManifestError                 a manifest is missing, malformed or of a later format
    │   ├── ReadOnlyDatasetError          a write to data that is read-only
    │   ├── SchemaMismatchError           models and file disagree
    │   ├── QueryError                    SQL that the dataset cannot answer
    │   ├── DatasetFileError              the file cannot be used
    │   │   ├── DatasetFileMissingError   ... it does not exist
    │   │   ├── DatasetUnreadableError    ... permissions, or not a regular file
    │   │   ├── DatasetCorruptError       ... not the bytes that were published
    │   │   ├── DatasetReplacedError      ... another version took its place while in use
    │   │   ├── DatasetNotPackagedError   ... still in write-ahead or mid-transaction state
    │   │   └── DatasetIOError            ... the medium failed while reading
    │   └── CacheError                    extracting into the cache
    │       ├── CacheUnsafeError          ... somebody else could write there
    │       ├── CacheFullError            ... no room is left
    │       └── CacheUnavailableError     ... the directory cannot be used at all
    ├── BuildError                        writing a dataset
    │   ├── SettingsError                 the project's settings
    │   ├── SourceError                   a source file as a whole
    │   │   └── SourceValueError          ... one of its values
    │   ├── DuplicateKeyError             two source rows share a key
    │   ├── ForeignKeyError               a row refers to a row that does not exist
    │   ├── StaleDBError                  migrations are not up to date with models
    │   └── VerificationError             the built file or wheel is not what it should be
    ├── ConfigurationError                the configuration of an object graph
    └── MissingDependencyError            an extra is not installed

The text of an error says what was wrong and where; its ``hint``, where there is one, says what
to do next.
"""

from __future__ import annotations

__all__ = [
    "AmbiguousDatasetError",
    "BrokenDistributionError",
    "BuildError",
    "CacheError",
    "CacheFullError",
    "CacheUnavailableError",
    "CacheUnsafeError",
    "ConfigurationError",
    "DatasetCorruptError",
    "DatasetError",
    "DatasetFileError",
    "DatasetFileMissingError",
    "DatasetIOError",
    "DatasetNotFoundError",
    "DatasetNotPackagedError",
    "DatasetReplacedError",
    "DatasetUnreadableError",
    "DuplicateKeyError",
    "DuplicateModelError",
    "ForeignKeyError",
    "ManifestError",
    "MicrocosmSQLiteError",
    "MissingDependencyError",
    "ModelIntegrityError",
    "ModelNotFoundError",
    "MultipleModelsFoundError",
    "QueryError",
    "ReadOnlyDatasetError",
    "SQLiteError",
    "SchemaMismatchError",
    "SettingsError",
    "SourceError",
    "SourceValueError",
    "StaleDBError",
    "TableNotFoundError",
    "VerificationError",
]


class MicrocosmSQLiteError(Exception):
    """Base of all errors here.

    Attributes:
        hint: What to do next, one sentence, or an empty string.
        status_code: The HTTP status that fits, for services that translate errors.
        include_stack_trace: Whether a service should log the trace.
    """

    status_code: int = 500
    include_stack_trace: bool = False

    def __init__(self, *args: object, hint: str = "") -> None:
        super().__init__(*args)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    @property
    def message(self) -> str:
        """The text without the hint."""
        return Exception.__str__(self)  # an error that is a KeyError as well would quote it


SQLiteError = MicrocosmSQLiteError
"""The name of the base class in 2.0.0."""


class ModelIntegrityError(MicrocosmSQLiteError):
    """A row breaks a constraint of its table."""


class DuplicateModelError(ModelIntegrityError):
    """A row repeats a primary or unique key."""

    status_code = 409


class MultipleModelsFoundError(ModelIntegrityError):
    """One row was asked for and several match."""


class ModelNotFoundError(MicrocosmSQLiteError):
    """One row was asked for and none matches."""

    status_code = 404


class DatasetError(MicrocosmSQLiteError):
    """A dataset cannot be found, opened or read."""


class DatasetNotFoundError(DatasetError):
    """No configured, registered or installed dataset has this name."""

    status_code = 404


class TableNotFoundError(DatasetError, KeyError):
    """The dataset has no table or column of this name; also a ``KeyError`` of :attr:`tables`."""

    status_code = 404


class AmbiguousDatasetError(DatasetError):
    """Two installed distributions claim the same dataset name."""


class BrokenDistributionError(DatasetError):
    """A distribution's metadata or entry point cannot be used."""


class ManifestError(DatasetError):
    """A manifest is missing, malformed, or of a later format than this version reads."""


class ReadOnlyDatasetError(DatasetError):
    """A write was tried on data that is read-only."""

    status_code = 405


class SchemaMismatchError(DatasetError):
    """The models and the opened file do not have the same tables and columns."""


class QueryError(DatasetError):
    """The dataset cannot answer this SQL."""

    status_code = 400


class DatasetFileError(DatasetError):
    """The database file cannot be used."""


class DatasetFileMissingError(DatasetFileError):
    """The database file is not where it should be."""

    status_code = 404


class DatasetUnreadableError(DatasetFileError):
    """The database file may not be read, or is not a regular file."""


class DatasetCorruptError(DatasetFileError):
    """The database file does not hold the bytes that were published."""


class DatasetNotPackagedError(DatasetFileError):
    """The database was copied while in use: write-ahead mode, or a transaction under way."""


class DatasetReplacedError(DatasetFileError):
    """Another version of the dataset took the place of the one that this process opened."""


class DatasetIOError(DatasetFileError):
    """The medium failed while the database file was read."""


class CacheError(DatasetError):
    """A dataset cannot be extracted into the cache."""


class CacheUnsafeError(CacheError):
    """Somebody else could have written, or could write, to the cache directory."""


class CacheFullError(CacheError):
    """No room is left for the extracted file."""


class CacheUnavailableError(CacheError):
    """The cache directory cannot be created, read or written."""


class BuildError(MicrocosmSQLiteError):
    """A dataset cannot be built."""


class SettingsError(BuildError):
    """A setting of the dataset project is missing or wrong."""


class SourceError(BuildError):
    """A source file cannot be read.

    Attributes:
        file: The source, as the author named it.
        line: 1-based line in it, or None where the whole file is meant.
        others: Further errors that the same build found, up to its limit.
        count: How many it found in all.
    """

    def __init__(
        self, *args: object, file: str = "", line: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(*args, hint=hint)
        self.file = file
        self.line = line
        self.others: tuple[SourceError, ...] = ()
        self.count = 1


class SourceValueError(SourceError):
    """A value of a source does not fit its column.

    Attributes:
        column: The column's name.
        value: The text as it stands in the source.
    """

    def __init__(
        self,
        *args: object,
        file: str = "",
        line: int | None = None,
        column: str = "",
        value: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(*args, file=file, line=line, hint=hint)
        self.column = column
        self.value = value


class DuplicateKeyError(BuildError):
    """Two source rows share a primary or unique key."""


class ForeignKeyError(BuildError):
    """A row refers to a row that does not exist."""


class StaleDBError(BuildError):
    """The migrations of a dataset are not up to date with its models."""


class VerificationError(BuildError):
    """The built database or wheel is not what it should be."""


class ConfigurationError(MicrocosmSQLiteError, ValueError):
    """A key of the configuration under ``sqlite`` is unknown, or its value cannot be used."""


class MissingDependencyError(MicrocosmSQLiteError, ImportError):
    """An optional dependency is not installed."""
