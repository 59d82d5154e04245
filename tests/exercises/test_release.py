"""What students get: no answer, no hidden test, and always the same bytes."""

import ast
import symtable

import pytest

from rnngrade.exercise import release as released
from tests.exercises.submission import ROOT, UNIT, points, release, secret_lines, source

SOURCE, RELEASE = source(), release()
TESTS = [c for c in SOURCE.cells if c.metadata.get("nbgrader", {}).get("grade")]


def test_exercises_are_what_solutions_give():
    released.check(ROOT, [UNIT])


@pytest.mark.parametrize("region", ["SOLUTION", "HIDDEN TESTS"])
def test_no_secret_line_is_in_the_release(region):
    secrets = secret_lines(SOURCE, region)
    assert len(secrets) > 10
    text = (ROOT / "exercises" / UNIT / f"{UNIT}.ipynb").read_text("utf-8")
    lines = {line.strip() for cell in RELEASE.cells for line in cell.source.split("\n")}
    assert secrets & lines == set()
    for word in ("BEGIN ", "END ", "rnnlib", "compare"):
        assert word not in text


def test_nothing_but_the_notebook_is_released():
    assert [path.name for path in (ROOT / "exercises" / UNIT).glob("[!.]*")] == [
        f"{UNIT}.ipynb"
    ]


def test_every_answer_is_a_stub():
    answers = [c for c in RELEASE.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert len(answers) == 8
    for cell in answers:
        assert cell.source.endswith("\n    raise NotImplementedError")
        assert ast.get_docstring(ast.parse(cell.source).body[0])


def test_every_part_has_points_and_they_add_up_to_ten():
    assert points(RELEASE) == points(SOURCE)
    assert len(points(RELEASE)) == 8
    assert sum(points(RELEASE).values()) == 10


def test_nothing_depends_on_who_made_it():
    assert set(RELEASE.metadata) == {"kernelspec", "language_info"}
    assert RELEASE.metadata.language_info == {"name": "python"}
    for cell in RELEASE.cells:
        known = cell.metadata.get("nbgrader")
        assert cell.id == known.grade_id if known else cell.id.startswith("cell-")
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize("cell", TESTS, ids=lambda cell: cell.id)
def test_a_test_takes_one_function_of_the_student_and_nothing_else(cell):
    """An examiner who does not share the student's process can only call functions."""
    table = symtable.symtable(cell.source, cell.id, "exec")
    names = {s.get_name() for s in table.get_symbols() if not s.is_assigned()}
    taken = {n for n in names if not (table.lookup(n).is_imported() or n in dir(__builtins__))}
    assert taken == {cell.id.removesuffix("-test").replace("-", "_")}
    imported = {
        a.name for n in ast.walk(ast.parse(cell.source)) for a in getattr(n, "names", ())
    }
    assert imported <= {"torch", "check", "rnnlib"}
    assert "print(" not in cell.source
