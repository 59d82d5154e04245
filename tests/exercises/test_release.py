"""What students get: no answer, no hidden test, and always the same bytes."""

import ast
import symtable

import pytest

from rnngrade.exercise import release as released
from tests.exercises.submission import (
    ROOT,
    UNITS,
    points,
    release,
    secret_lines,
    solutions,
    source,
)


def cells(unit, role):
    found = [c for c in source(unit).cells if c.metadata.get("nbgrader", {}).get(role)]
    return {cell.id: cell for cell in found}


def checks(unit):
    answers = cells(unit, "solution")
    return [cell for name, cell in cells(unit, "grade").items() if name not in answers]


TESTS = [pytest.param(u, cell, id=f"{u}-{cell.id}") for u in UNITS for cell in checks(u)]


@pytest.mark.parametrize("unit", UNITS)
def test_exercises_are_what_solutions_give(unit):
    released.check(ROOT, [unit])


@pytest.mark.parametrize("region", ["SOLUTION", "HIDDEN TESTS"])
@pytest.mark.parametrize("unit", UNITS)
def test_no_secret_line_is_in_the_release(unit, region):
    secrets = secret_lines(source(unit), region)
    assert secrets > {f"### BEGIN {region}", f"### END {region}"}
    text = (ROOT / "exercises" / unit / f"{unit}.ipynb").read_text("utf-8")
    lines = {line.strip() for cell in release(unit).cells for line in cell.source.split("\n")}
    assert secrets & lines == set()
    for word in ("### BEGIN ", "### END ", "rnnlib.", "compare("):
        assert word not in text


@pytest.mark.parametrize("unit", UNITS)
def test_neither_bank_nor_translation_is_released(unit):
    there = {path.name for path in (ROOT / "exercises" / unit).glob("[!.]*")}
    assert f"{unit}.ipynb" in there
    assert there & {"bank", "locale", f"{unit}.md"} == set()


@pytest.mark.parametrize("unit", UNITS)
def test_every_answer_is_a_stub(unit):
    answers = [c for c in release(unit).cells if c.id in cells(unit, "solution")]
    for cell in answers:
        if cell.cell_type == "markdown":
            assert cell.source == "YOUR ANSWER HERE"
            continue
        assert cell.source.endswith("\n    raise NotImplementedError")
        function = ast.parse(cell.source).body[0]
        assert "->" in ast.get_docstring(function)  # its shapes


@pytest.mark.parametrize("unit", UNITS)
def test_every_part_has_points(unit):
    assert points(release(unit)) == points(source(unit))
    parts = {part for s in solutions("wrong", unit) for part in s.loses}
    assert parts == set(points(source(unit)))  # and each of them may be lost


@pytest.mark.parametrize("unit", UNITS)
def test_nothing_depends_on_who_made_it(unit):
    assert set(release(unit).metadata) <= {"kernelspec", "language_info", "rnngrade"}
    assert release(unit).metadata.language_info == {"name": "python"}
    for cell in release(unit).cells:
        known = cell.metadata.get("nbgrader")
        assert cell.id == known.grade_id if known else "-text" in cell.id
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize(("unit", "cell"), TESTS)
def test_a_test_takes_one_function_of_the_student_and_nothing_else(unit, cell):
    """An examiner who does not share the student's process can only call functions."""
    table = symtable.symtable(cell.source, cell.id, "exec")
    names = {s.get_name() for s in table.get_symbols() if not s.is_assigned()}
    taken = {n for n in names if not (table.lookup(n).is_imported() or n in dir(__builtins__))}
    assert taken == {cell.id.removesuffix("-test").replace("-", "_")}
    assert "print(" not in cell.source
