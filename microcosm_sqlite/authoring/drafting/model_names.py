"""Names of the classes, attributes and relationships of drafted models, word by word."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import inflection
import sqlalchemy

from microcosm_sqlite.authoring.values.layout import make_identifier, make_names
from microcosm_sqlite.common.wording import measure

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable

_UNIT = 2
"""Where no word is longer, capitals are those of a unit or an acronym: pH, kWh."""
_ID = "ID"
"""Prefixes that other words follow without a capital: lgIDloser."""
_LAST_WORD = re.compile(r"([A-Z]+|[^\W\d_][^\W\d_A-Z]*)\Z")
_IRREGULAR = frozenset({"children", "men", "people", "women"})
_ONLY_PLURALS = frozenset(
    {
        "arms", "belongings", "clothes", "customs", "earnings", "glasses", "goods", "headquarters",
        "iris", "means", "mtcars", "odds", "premises", "proceeds", "remains", "savings",
        "surroundings", "thanks",
    }
)  # fmt: skip
_IE_PLURALS = frozenset(
    {
        "birdies", "brownies", "calories", "collies", "cookies", "genies", "hoodies", "lies",
        "pies", "prairies", "rookies", "selfies", "smoothies", "sorties", "ties", "zombies",
    }
)  # fmt: skip
"""Plurals of words in -ie, which rules of English take for words in -y."""
_NO_PLURALS = re.compile(r"(as|ews|ics|is|os|ss|us|lens|kurs)\Z", re.IGNORECASE)
_SHORTEST = 3


def spell_words(name: str) -> str:
    """Return the words of a name in small letters, with underscores between them.

    >>> spell_words("firstName"), spell_words("HTTPServer"), spell_words("lgIDloser")
    ('first_name', 'http_server', 'lg_id_loser')
    >>> spell_words("pH"), spell_words("_2B"), spell_words("IPouts"), spell_words("Sample2Name")
    ('ph', '_2b', 'ipouts', 'sample2_name')
    >>> spell_words("mRNA"), spell_words("iOSUsers"), spell_words("xAxis")
    ('mrna', 'ios_users', 'x_axis')
    """
    return "_".join("_".join(_split(part)) for part in re.split("[_-]", name)).lower()


def _split(part: str) -> list[str]:
    starts = [at for at in range(1, len(part)) if _starts_word(part[:at], part[at:])]
    ends = [*starts, len(part)]
    words = [part[start:end] for start, end in zip([0, *starts], ends, strict=True)]
    is_unit = _ID not in words and all(len(word) <= _UNIT for word in words)
    return [part] if is_unit else words


def _starts_word(before: str, after: str) -> bool:
    left, right = before[-1], after[0]
    if right.islower():
        is_id = before.endswith(_ID) and not before[:-2][-1:].isupper()
        return is_id and after != "s"
    if not right.isupper():
        return False
    if left.isupper():  # the last of several capitals begins a word: HTTPServer
        return before[-2:-1].isupper() and after[1:2].islower()
    if left.islower():
        is_prefix = len(before) == 1 and after[1:2].isupper()  # as in mRNA
        return not is_prefix
    return left.isdigit() and after[1:2].islower()


def make_singular(name: str) -> str:
    """Return a name whose last word is in the singular, where it surely is a plural of English.

    >>> make_singular("airlines"), make_singular("my_companies"), make_singular("people")
    ('airline', 'my_company', 'person')
    >>> [make_singular(name) for name in ("obs", "propertymetadata", "news", "GPS", "canvas")]
    ['obs', 'propertymetadata', 'news', 'GPS', 'canvas']
    >>> make_singular("headquarters"), make_singular("calories"), make_singular("mtcars")
    ('headquarters', 'calorie', 'mtcars')
    """
    match = _LAST_WORD.search(name)
    if not match:
        return name
    word = match[0]
    singular = inflection.singularize(word)
    is_acronym = word.isupper() and len(word) <= len("CARS")
    if word.lower() in _IE_PLURALS:
        return name[:-1]
    if word.lower() in _ONLY_PLURALS:
        return name
    is_sure = word.lower() in _IRREGULAR or (
        singular in _list_stems(word) and len(singular) >= _SHORTEST and not is_acronym
    )
    return name[: match.start()] + singular if is_sure else name


def _list_stems(word: str) -> set[str]:
    """The singulars that a plural may have by the rules of English."""
    if word[-1:].lower() != "s" or _NO_PLURALS.search(word):
        return set()
    stems = {word[:-1]}
    if word.endswith("es"):
        stems.add(word[:-2])
    if word.endswith("ies"):
        stems.add(f"{word[:-3]}y")
    return stems


ATTRIBUTE_LENGTH = 40
IMPORTED = {
    "Any", "CheckConstraint", "ClassVar", "Computed", "Connection", "DataSet", "Decimal",
    "ForeignKey", "ForeignKeyConstraint", "Index", "Literal", "Mapped", "MetaData",
    "PrimaryKeyConstraint", "Store", "UniqueConstraint", "VIEWS", "annotations", "create_views",
    "dt", "event", "mapped_column", "quoted_name", "relationship", "sql_text", "uuid",
    *(name for name in vars(sqlalchemy.types) if name[0].isupper()),
}  # fmt: skip
_USED_IN_CLASSES = {"bool", "bytes", "float", "int", "str", "metadata", "registry"}
_LIKE_DIGITS = {"l", "I", "O"}
"""Linters refuse them as names."""


def name_classes(tables: Iterable[str], base: str, taken: Collection[str] = ()) -> dict[str, str]:
    """A class name for each table, in the singular where it surely has one, no two alike.

    >>> name_classes(["airlines", "weather", "strings", "2nd"], "NycData")
    {'airlines': 'Airline', 'weather': 'Weather', 'strings': 'StringRow', '2nd': 'Table2nd'}

    Args:
        tables: The tables, whatever they are called.
        base: The declarative base.
        taken: Names that other classes have.
    """
    tables = list(tables)
    taken = {*IMPORTED, base, *taken}
    names: dict[str, str] = {}
    for number, (table, identifier) in enumerate(zip(tables, make_names(tables), strict=True), 1):
        words = re.sub("_+", "_", identifier.strip("_"))
        words = words if make_identifier(table) else f"Table{number}"  # of signs only
        name = _normalise(inflection.camelize(make_singular(words)), "Row")
        if not name[0].isupper():  # digits, and letters that have no capitals
            name = f"Table{name}"
        while name in taken or keyword.iskeyword(name) or hasattr(builtins, name):
            name += "Row"
        names[table] = name
        taken.add(name)
    return names


def name_labels(model: str, attribute: str, taken: Collection[str]) -> str:
    """The name of a type for the few labels of a column, apart from those that are taken.

    >>> name_labels("Flight", "origin", ["Flight"])
    'FlightOrigin'
    """
    name = f"{model}{_normalise(inflection.camelize(attribute), '')}"
    while name in IMPORTED or name in taken:
        name += "Label"
    return name


def name_attributes(columns: Iterable[str]) -> dict[str, str]:
    """A Python attribute for each column, which shadows nothing that a model needs.

    >>> name_attributes(["class", "metadata", "firstName", "L"])
    {'class': 'class_', 'metadata': 'metadata_', 'firstName': 'first_name', 'L': 'l_'}
    """
    columns = list(columns)
    known, attributes = set(columns), dict[str, str]()
    taken = _list_taken()
    for position, column in enumerate(columns, 1):
        name = make_identifier(spell_words(make_identifier(column)))
        name = name or f"column_{position}"
        while measure(name) > ATTRIBUTE_LENGTH:
            name = name[:-1].rstrip("_")
        while keyword.iskeyword(name) or name in taken or (name != column and name in known):
            name += "_"
        attributes[column] = name
        taken.add(name)
    return attributes


def name_row_number(columns: Iterable[str]) -> str:
    """A name for the column that numbers the rows of a table without a key of its own.

    >>> name_row_number(["name"]), name_row_number(["ID", "name"])
    ('id', 'row_id')
    """
    taken = {column.lower() for column in columns}
    name = "id"
    while name in taken:
        name = f"row_{name}"
    return name


def name_relationships(table: InferredTable, attributes: Mapping[str, str]) -> dict[str, str]:
    """An attribute for the row that each column with a reference refers to.

    It is called as the column without its `_id`, or after the other table.
    """
    parents = [column.reference[0] for column in table.columns.values() if column.reference]
    taken = {*_list_taken(), *attributes.values(), *table.columns}
    names: dict[str, str] = {}
    for column in table.columns.values():
        if column.reference is None:
            continue
        parent, key = column.reference
        name = attributes[column.name]
        stem = re.sub(rf"_(id|key|code|{re.escape(spell_words(key))})$", "", name)
        other = spell_words(make_singular(parent))
        if stem in taken:
            stem = other if parents.count(parent) == 1 else f"{name}_{other}"
        names[column.name] = _find_free(stem, taken)
    return names


def name_joint_relationships(
    table: InferredTable, attributes: Mapping[str, str], others: Iterable[str]
) -> list[str]:
    """An attribute for the row that each reference of several columns refers to.

    Args:
        table: The table that refers.
        attributes: Those of its columns.
        others: Those of its other relationships.
    """
    taken = {*_list_taken(), *attributes.values(), *table.columns, *others}
    return [
        _find_free(spell_words(make_singular(reference.parent)), taken)
        for reference in table.references
    ]


def _find_free(name: str, taken: set[str]) -> str:
    while keyword.iskeyword(name) or name in taken:
        name += "_"
    taken.add(name)
    return name


def _normalise(name: str, otherwise: str) -> str:
    """The letters and digits of a name as Python knows it, whose words begin with capitals."""
    return unicodedata.normalize("NFKC", name.replace("_", "")) or otherwise


def _list_taken() -> set[str]:
    from microcosm_sqlite.orm.data_sets import DataSet

    return {*IMPORTED, *_USED_IN_CLASSES, *_LIKE_DIGITS, *dir(DataSet)}
