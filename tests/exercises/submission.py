"""Submissions: a notebook with code in its solution cells, and its marks without a kernel."""

import ast
import copy
import importlib.util
from pathlib import Path

import nbformat

from rnngrade.exercise.source import read_source

ROOT = Path(__file__).parents[2]
UNIT = "lstm-gates"


def source():
    """The source notebook of the unit, with answers and hidden tests."""
    return read_source(ROOT / "solutions" / UNIT / f"{UNIT}.md")


def release():
    """The notebook that students get."""
    return nbformat.read(ROOT / "exercises" / UNIT / f"{UNIT}.ipynb", as_version=4)


def bank():
    """The module solutions/<unit>/bank.py."""
    spec = importlib.util.spec_from_file_location("bank", ROOT / "solutions" / UNIT / "bank.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def solved(notebook, code):
    """A copy of the notebook as a student would hand it in.

    Each function of `code` goes to the cell that asks for it; what else stands there goes in
    front of the first cell. Functions that it lacks are those of the source.
    """
    answers = {c.id: c.source for c in source().cells if _role(c, "solution")}
    cell_of = {name: cell for cell, text in answers.items() for name in _parts(text)}
    parts = _parts(code)
    answers |= {cell_of[name]: text for name, text in parts.items() if name in cell_of}
    helpers = [text for name, text in parts.items() if name not in cell_of]
    first = next(iter(answers))
    answers[first] = "\n\n".join([*helpers, answers[first]])
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def mark(notebook):
    """Run the cells in one namespace, as a kernel would; what each test cell says, or None."""
    namespace, said = {}, {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            message = _run(cell, namespace)
            if _role(cell, "grade"):
                said[cell.id.removesuffix("-test")] = message
    return said


def points(notebook):
    """The points of each part."""
    return {
        cell.id.removesuffix("-test"): cell.metadata.nbgrader.points
        for cell in notebook.cells
        if _role(cell, "grade")
    }


def secret_lines(notebook, region):
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


def _parts(code):
    """The top-level statements of a text: functions by name, others by number."""
    return {
        getattr(node, "name", number): ast.get_source_segment(code, node)
        for number, node in enumerate(ast.parse(code).body)
    }


def _run(cell, namespace):
    try:
        exec(compile(cell.source, cell.id, "exec"), namespace)
    except Exception as error:
        return f"{error}" or type(error).__name__
