"""A small exam: a student's cells and the instructor's tests, run as grading runs them."""

import contextlib

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from rnngrade.execution.execute import execute
from rnngrade.execution.job import Job, Limits, Policy, TestCell
from rnngrade.exercise.names import names_defined


def job(student, tests, *, exports=(), sandbox=True, policy=None, limits=None, **settings):
    """A `Job`: first the student's cells, then the tests, each a text.

    The names that the student's cells define may be taken; a test whose text begins with
    "# setup" is a cell of the instructor's without points.
    """
    cells = [new_code_cell(source) for source in student]
    known = []
    for number, source in enumerate(tests):
        role = "setup" if source.startswith("# setup") else "test"
        known.append(TestCell(f"test-{number}", role, source))
        cell = new_code_cell("the student may have written anything here")
        cell.metadata["nbgrader"] = {"grade_id": f"test-{number}"}
        if role == "test":
            cells.append(cell)
    return Job(
        student="anna",
        unit="unit",
        notebook=nbformat.writes(new_notebook(cells=cells)),
        tests=tuple(known),
        exports=frozenset(exports or _names(student)),
        seed="12ab",
        policy=Policy(**policy or {}),
        limits=Limits(**limits or {}),
        sandbox=sandbox,
        **settings,
    )


def examine(student, tests, **settings):
    """Run it; what each cell showed, and the record."""
    outcome = execute(job(student, tests, **settings))
    cells = nbformat.reads(outcome.notebook, as_version=4).cells
    return [cell.outputs for cell in cells], outcome.record


def said(outputs):
    """The sentence of the error among these outputs, or None."""
    errors = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]
    assert len(errors) < 2
    return errors[0] if errors else None


def verdicts(student, *tests, **settings):
    """What each test says, None where it passes."""
    outputs, _ = examine(student, tests, **settings)
    return [said(shown) for shown in outputs[len(student) :]]


def printed(outputs):
    """All printed text."""
    return "".join(o.text for o in outputs if o.output_type == "stream")


def _names(student):
    names = set()
    for source in student:
        with contextlib.suppress(SyntaxError):
            names |= names_defined([source])
    return names
