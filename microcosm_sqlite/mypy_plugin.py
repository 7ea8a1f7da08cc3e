"""A plugin by which mypy follows ``DataSet.create``, and finds keywords that no column has.

In the application's mypy configuration: ``plugins = ["microcosm_sqlite.mypy_plugin"]``.
``Base = DataSet.create("name")`` is a class only at run time; data sets that are made by a class
statement need no plugin. Queries of stores take any keyword, as stores may give them a meaning;
where a store does not, the plugin compares keywords with the attributes of its model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.errorcodes import CALL_ARG
from mypy.nodes import ARG_NAMED, GDEF, Block, ClassDef, SymbolTable, SymbolTableNode, TypeInfo, Var
from mypy.plugin import Plugin
from mypy.types import ExtraAttrs, Instance, get_proper_type

from microcosm_sqlite.common.wording import suggest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy.nodes import Context
    from mypy.plugin import DynamicClassDefContext, FunctionContext, MethodContext
    from mypy.types import Type

__all__ = ["plugin"]

DATA_SET = "microcosm_sqlite.orm.data_sets.DataSet"
BUILDER = "microcosm_sqlite.orm.queries.QueryBuilder"
ASYNC_STORE = "microcosm_sqlite.orm.aio.AsyncStore"
QUERIES = {
    *("count", "delete", "exists", "first", "match", "one", "one_or_none"),
    *("page", "rows", "search", "stream"),
}
"""The methods of stores that take keywords as conditions."""

HOOKS = ("_query", "_filter", "_auto_filter", "_order_by")
"""The methods by which a store may give keywords a meaning of its own."""

WRAPPED = "(the store that is wrapped)"


class DataSetPlugin(Plugin):
    """Treat a call of ``DataSet.create`` as a class definition, and check keywords of queries."""

    def get_dynamic_class_hook(
        self, fullname: str
    ) -> Callable[[DynamicClassDefContext], None] | None:
        """Return the hook for ``DataSet.create``, and none for other functions."""
        return define_data_set if fullname == f"{DATA_SET}.create" else None

    def get_function_hook(self, fullname: str) -> Callable[[FunctionContext], Type] | None:
        """Return the hook for making an asynchronous store, and none for other functions."""
        return remember_store if fullname == ASYNC_STORE else None

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        """Return the hook for whatever is called like a query; it looks at the class itself."""
        return check_keywords if fullname.rpartition(".")[2] in QUERIES else None


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


def remember_store(context: FunctionContext) -> Type:
    """Keep, in the type of an asynchronous store, the type of the store that it wraps."""
    made = get_proper_type(context.default_return_type)
    if not isinstance(made, Instance) or not context.arg_types or not context.arg_types[0]:
        return made
    kept = made.copy_modified()
    kept.extra_attrs = ExtraAttrs({WRAPPED: context.arg_types[0][0]}, set())
    return kept


def check_keywords(context: MethodContext) -> Type:
    """Tell each keyword of a query that is no attribute of the store's model."""
    store = get_proper_type(context.type)
    if isinstance(store, Instance) and store.type.fullname == ASYNC_STORE and store.extra_attrs:
        store = get_proper_type(store.extra_attrs.attrs[WRAPPED])
    model = _find_model(store) if isinstance(store, Instance) else None
    if model is not None and isinstance(store, Instance):
        for name, place in _list_keywords(context):
            if model.get(name) is None:
                known = [each for each in _list_attributes(model) if not each.startswith("_")]
                context.api.fail(
                    f'"{store.type.name}" cannot filter by "{name}": "{model.name}" has no such '
                    f"attribute. {suggest(name, known)}".rstrip(),
                    place,
                    code=CALL_ARG,
                )
    return context.default_return_type


def _find_model(store: Instance) -> TypeInfo | None:
    """The model whose attributes are the keywords of a store; none where others may be as well."""
    builder = next((each for each in store.type.mro if each.fullname == BUILDER), None)
    if builder is None:
        return None
    for each in store.type.mro[: store.type.mro.index(builder)]:
        if any(hook in each.names for hook in HOOKS):
            return None
    # This module cannot be the first of mypy's that a process imports.
    from mypy.maptype import map_instance_to_supertype

    model = get_proper_type(map_instance_to_supertype(store, builder).args[0])
    if not isinstance(model, Instance) or model.type.fallback_to_any:
        return None
    # The columns of a table that is assigned as a whole are not seen.
    return (
        None if model.type.fullname == DATA_SET or "__table__" in model.type.names else model.type
    )


def _list_keywords(context: MethodContext) -> list[tuple[str, Context]]:
    """The keywords that become conditions, with what is given for each."""
    found: list[tuple[str, Context]] = []
    for formal, name in enumerate(context.callee_arg_names):
        if name == "filters":
            given = zip(
                context.arg_names[formal],
                context.arg_kinds[formal],
                context.args[formal],
                strict=True,
            )
            found += [(word, value) for word, kind, value in given if word and kind == ARG_NAMED]
    return found


def _list_attributes(model: TypeInfo) -> list[str]:
    """The names of what instances of a model hold."""
    return [
        name
        for each in model.mro
        if each.fullname != DATA_SET
        for name, symbol in each.names.items()
        if isinstance(symbol.node, Var)
    ]


def plugin(version: str) -> type[Plugin]:  # noqa: ARG001
    """Return the class of the plugin; mypy calls this."""
    return DataSetPlugin
