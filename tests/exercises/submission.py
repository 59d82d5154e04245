"""Submissions of the units of this course: a notebook with code in its solution cells."""

import copy
import random
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from rnngrade.exercise import bank
from rnngrade.exercise.release import known_units
from rnngrade.exercise.source import read_source

ROOT = Path(__file__).parents[2]
UNITS = known_units(ROOT)
UNIT = UNITS[0]  # where any will do


def source(unit: str = UNIT) -> NotebookNode:
    """The source notebook of a unit, with answers and hidden tests."""
    return copy.deepcopy(_source(unit))


def release(unit: str = UNIT) -> NotebookNode:
    """The notebook that students get."""
    return nbformat.read(ROOT / "exercises" / unit / f"{unit}.ipynb", as_version=4)


@cache
def _source(unit):
    return read_source(ROOT / "solutions" / unit / f"{unit}.md")


def solutions(kind: str, unit: str = UNIT) -> list[bank.Solution]:
    """The right or the wrong solutions of a bank."""
    return [s for s in bank.read_bank(ROOT / "solutions" / unit) if s.kind == kind]


def right(unit: str = UNIT) -> str:
    """The code of a right solution that answers every part in a way of its own."""
    return max(solutions("right", unit), key=lambda s: s.code.count("\ndef ")).code


def wrong(unit: str = UNIT) -> bank.Solution:
    """A wrong solution that loses some parts and not all."""
    some = solutions("wrong", unit)
    return random.Random(unit).choice([s for s in some if len(s.loses) > 1])


def all_wrong(unit: str = UNIT) -> str:
    """The code of a solution that loses every part."""
    chosen, lost = [], set()
    for solution in sorted(solutions("wrong", unit), key=lambda s: len(s.loses)):
        if set(solution.loses) - lost:
            chosen.append(solution.code)
            lost |= set(solution.loses)
    return "\n".join(chosen)


def solved(notebook: NotebookNode, code: str = "", unit: str = UNIT) -> NotebookNode:
    """A copy of the notebook as a student would hand it in."""
    return bank.solved(notebook, _source(unit), code)


def mark(notebook: NotebookNode) -> dict[str, str | None]:
    """Run the cells in one namespace, as a kernel would; what each test cell says, or None.

    For tests of what happens to a notebook before it is graded: it takes no second.
    """
    namespace, said = {}, {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            message = _run(cell, namespace)
            if _role(cell, "grade"):
                said[cell.id.removesuffix("-test")] = message
    return said


def points(notebook: NotebookNode) -> dict[str, float]:
    """The points of each part that is tested."""
    return {
        cell.id.removesuffix("-test"): cell.metadata.nbgrader.points
        for cell in notebook.cells
        if _role(cell, "grade") and not _role(cell, "solution")
    }


def secret_lines(notebook: NotebookNode, region: str) -> set[str]:
    """Every telling line of a region, "SOLUTION" or "HIDDEN TESTS", without its indent."""
    lines, inside = set(), False
    for line in (line.strip() for cell in notebook.cells for line in cell.source.split("\n")):
        if line in (f"### BEGIN {region}", f"### END {region}"):
            inside = "BEGIN" in line
            lines.add(line)
        elif inside and len(line) > 2:  # no lone brackets
            lines.add(line)
    return lines


def _role(cell, role):
    return cell.metadata.get("nbgrader", {}).get(role, False)


def _run(cell, namespace):
    try:
        exec(compile(cell.source, cell.id, "exec"), namespace)
    except Exception as error:
        return f"{error}" or type(error).__name__
