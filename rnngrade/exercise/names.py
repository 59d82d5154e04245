"""Which names a cell takes, and which it gives: read from its text, without running it."""

import symtable
from collections.abc import Iterable


def names_defined(sources: Iterable[str], imported: bool = False) -> set[str]:
    """The names that these cells define at their top level.

    Args:
        sources: texts of cells, plain Python.
        imported: whether what a cell imports counts as defined.

    Raises:
        SyntaxError: a cell is not plain Python.
    """
    names = set()
    for source in sources:
        for symbol in symtable.symtable(source, "cell", "exec").get_symbols():
            if symbol.is_assigned() or (imported and symbol.is_imported()):
                names.add(symbol.get_name())
    return names


def names_taken(source: str) -> set[str]:
    """The names that a cell uses, in its functions too, and does not define itself."""
    defined = names_defined([source], imported=True)
    used, tables = set(), [symtable.symtable(source, "cell", "exec")]
    for table in tables:
        outermost = table.get_type() == "module"
        tables.extend(table.get_children())
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (outermost or symbol.is_global()):
                used.add(symbol.get_name())
    return used - defined
