"""A plugin by which mypy follows ``Base = DataSet.create("name")``, a class only at run time.

In the application's mypy configuration: ``plugins = ["microcosm_sqlite.mypy_plugin"]``. Data sets
that are made by a class statement need no plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import GDEF, Block, ClassDef, SymbolTable, SymbolTableNode, TypeInfo
from mypy.plugin import Plugin
from mypy.types import Instance

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.plugin import DynamicClassDefContext

__all__ = ["plugin"]

DATA_SET = "microcosm_sqlite.orm.data_sets.DataSet"


class DataSetPlugin(Plugin):
    """Treat a call of ``DataSet.create`` as a class definition."""

    def get_dynamic_class_hook(
        self, fullname: str
    ) -> Callable[[DynamicClassDefContext], None] | None:
        """Return the hook for ``DataSet.create``, and none for other functions."""
        return define_data_set if fullname == f"{DATA_SET}.create" else None


def define_data_set(context: DynamicClassDefContext) -> None:
    """Define a subclass of ``DataSet`` under the name on the left of the assignment."""
    base = context.api.lookup_fully_qualified_or_none(DATA_SET)
    if base is None or not isinstance(base.node, TypeInfo):
        context.api.defer()
        return
    definition = ClassDef(context.name, Block([]))
    definition.fullname = context.api.qualified_name(context.name)
    info = TypeInfo(SymbolTable(), definition, context.api.cur_mod_id)
    definition.info = info
    info.bases = [Instance(base.node, [])]
    info.mro = [info, *base.node.mro]
    info.metaclass_type = base.node.metaclass_type
    context.api.add_symbol_table_node(context.name, SymbolTableNode(GDEF, info))


def plugin(version: str) -> type[Plugin]:  # noqa: ARG001
    """Return the class of the plugin; mypy calls this."""
    return DataSetPlugin
