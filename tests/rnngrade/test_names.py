"""Names that a cell gives and takes."""

import pytest

from rnngrade.exercise.names import names_defined, names_taken

CELL = """
import os
def f(x, *, y=outer):
    def inner():
        return x + free
    return inner, [k for k in members]
class A(Base):
    field = hidden
a, (b, c) = f(1), 2
d: int = 3
for i in range(3):
    pass
lambda z: z + other
"""


def test_names_that_a_cell_defines():
    assert names_defined([CELL, "e = 1"]) == {*"fAabcdie"}
    assert names_defined([CELL], imported=True) == {*"fAabcdi", "os"}


def test_names_that_a_cell_takes():
    taken = {"outer", "free", "members", "Base", "hidden", "range", "other", "int"}
    assert names_taken(CELL) == taken


def test_what_a_cell_defines_itself_is_not_taken():
    assert names_taken("x = 1\nprint(x)") == {"print"}


def test_a_global_of_a_function_counts():
    assert names_taken("def f():\n    global g\n    g = 1\n    return g + h") == {"g", "h"}


def test_no_python_is_said():
    with pytest.raises(SyntaxError):
        names_taken("def f(:")
