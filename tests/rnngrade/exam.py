"""A small exam: a student's cells and the instructor's tests, run as grading runs them."""

import re

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from rnngrade.execution.execute import execute
from rnngrade.execution.job import Job, Limits, Policy, TestCell
from rnngrade.exercise.names import names_defined
from rnngrade.messages import from_plain


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


def error_in(outputs):
    """The only error among these outputs, or None."""
    errors = [output for output in outputs if output.output_type == "error"]
    assert len(errors) < 2
    return errors[0] if errors else None


def said(outputs):
    """What the error among these outputs is, and its text, or None."""
    error = error_in(outputs)
    return error and f"{error.ename}: {error.evalue}"


def verdicts(student, *tests, **settings):
    """What each test says, a `Message`, None where it passes."""
    outcome = execute(job(student, tests, **settings))
    told = outcome.record["said"]
    names = [f"test-{n}" for n, text in enumerate(tests) if not text.startswith("# setup")]
    outputs = {
        cell.metadata.nbgrader.grade_id: cell.outputs
        for cell in nbformat.reads(outcome.notebook, as_version=4).cells
        if "nbgrader" in cell.metadata
    }
    for name in names:
        error = error_in(outputs[name])
        assert (error is None) == (name not in told)
        assert error is None or error.evalue == str(from_plain(told[name]))
    return [from_plain(told[name]) if name in told else None for name in names]


def ids(verdicts):
    """The ids of these messages, None where a test passes."""
    return [verdict and verdict.id for verdict in verdicts]


def printed(outputs):
    """All printed text."""
    return "".join(o.text for o in outputs if o.output_type == "stream")


def _names(student):
    names = set()
    for source in student:
        try:
            names |= names_defined([source])
        except SyntaxError:  # a magic, or a mistake
            names |= set(re.findall(r"^(?:def )?(\w+)(?: =|\()", source, re.MULTILINE))
    return names
