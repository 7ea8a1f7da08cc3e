{% set draft = cookiecutter._draft | default(none) -%}
{% if draft -%}
{{ draft.models }}
{%- else -%}
"""The tables: which columns each has, what they hold, and how the tables refer to each other.

The build creates these tables and checks every source value against them. A column without a
comment, a nullable one that never is empty, a missing key: all of it reaches the readers, so be
exact here.
"""

from __future__ import annotations

from microcosm_sqlite import DataSet
from sqlalchemy import Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship


class {{ cookiecutter.__base }}(DataSet, name="{{ cookiecutter.dataset }}"):
    """{{ cookiecutter.description }}."""


class Block({{ cookiecutter.__base }}):
    """A block of the periodic table: the elements whose last electrons share an orbital type."""

    __tablename__ = "blocks"
    __table_args__ = ({"comment": "Blocks of the periodic table"},)

    block: Mapped[str] = mapped_column(String(1), primary_key=True, comment="Letter of the block")
    orbital: Mapped[str] = mapped_column(String(20), comment="Word that the letter stands for")
    electrons: Mapped[int] = mapped_column(Integer, comment="Electrons that one subshell can hold")

    elements: Mapped[list[Element]] = relationship(back_populates="block_row", viewonly=True)


class Element({{ cookiecutter.__base }}):
    """A chemical element."""

    __tablename__ = "elements"
    __table_args__ = ({"comment": "The named chemical elements"},)

    number: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="Atomic number"
    )
    symbol: Mapped[str] = mapped_column(String(2), unique=True, comment="Symbol")
    name: Mapped[str] = mapped_column(String(20), unique=True, comment="English name by IUPAC")
    period: Mapped[int] = mapped_column(Integer, comment="Row of the periodic table, 1 to 7")
    group_number: Mapped[int | None] = mapped_column(
        Integer, comment="Column of the periodic table, 1 to 18; none in the f block"
    )
    block: Mapped[str] = mapped_column(
        ForeignKey(Block.block), index=True, comment="Letter of its block"
    )
    standard_weight: Mapped[float | None] = mapped_column(
        Float, comment="Abridged standard atomic weight; none without a characteristic isotope mix"
    )

    block_row: Mapped[Block] = relationship(back_populates="elements", viewonly=True)
{% endif -%}
