"""What the grader must know of a unit: its tests, its exports, what it forbids."""

from dataclasses import dataclass, fields
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from rnngrade.course.seeds import student_seed
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Limits, Policy, TestCell
from rnngrade.exercise.names import names_defined


@dataclass(frozen=True)
class Unit:
    """One notebook of the course, as its tests see it."""

    name: str
    notebook: str
    tests: tuple[TestCell, ...]
    exports: frozenset[str]
    policy: Policy
    limits: Limits

    def job(self, secret, student, text, files, sandbox=True):
        """The `Job` of a student's sanitised notebook."""
        return Job(
            student=student,
            unit=self.name,
            notebook=text,
            tests=self.tests,
            exports=self.exports,
            seed=student_seed(secret, self.name, self.notebook, student),
            files=files,
            policy=self.policy,
            limits=self.limits,
            sandbox=sandbox,
        )


def load_unit(db_url, source, name, notebook):
    """Read a unit from the gradebook, and its policy from the instructor's notebook.

    What a cell is and what stands in a test come from the gradebook, never from a submission.

    Args:
        db_url: the gradebook.
        source: the folder of the unit in solutions/.
        name: the assignment, notebook: its notebook.

    Raises:
        CourseError: the unit's settings are not understood.
    """
    with Gradebook(db_url) as gradebook:
        known = gradebook.find_notebook(notebook, name)
        graded = {cell.name for cell in known.grade_cells}
        answers = {cell.name for cell in known.solution_cells}
        cells = [cell for cell in known.source_cells if cell.cell_type == "code"]
        tests = tuple(
            TestCell(cell.name, "test" if cell.name in graded else "setup", cell.source)
            for cell in cells
            if cell.name not in answers and (cell.name in graded or cell.locked)
        )
        stubs = [cell.source for cell in cells if cell.name in answers]
    settings = read_settings(Path(source) / f"{notebook}.ipynb")
    exports = names_defined(stubs) | set(settings.pop("exports", ()))
    try:
        policy, limits = _fill(Policy, settings), _fill(Limits, settings)
    except ValueError as error:
        raise CourseError(f"{name}: {error}") from None
    if settings:
        raise CourseError(f"{name}: unknown setting {sorted(settings)[0]!r} under rnngrade:.")
    return Unit(name, notebook, tests, frozenset(exports), policy, limits)


def read_settings(path):
    """What the front matter of the source says under `rnngrade:`."""
    if not path.exists():
        raise CourseError(f"{path} is missing: run `rnngrade release`.")
    return dict(nbformat.read(path, as_version=4).metadata.get("rnngrade", {}))


def _fill(kind, settings):
    """Take from the settings what belongs to this dataclass.

    Raises:
        ValueError: a setting of another kind than its default.
    """
    values = {}
    for field in fields(kind):
        if field.name not in settings:
            continue
        value = settings.pop(field.name)
        if isinstance(field.default, tuple):
            if not isinstance(value, list):
                raise ValueError(f"{field.name} must be a list, got {value!r}.")
            value = tuple(value)
        elif isinstance(field.default, bool):
            if not isinstance(value, bool):
                raise ValueError(f"{field.name} must be true or false, got {value!r}.")
        elif not isinstance(value, int | float) or value <= 0:
            raise ValueError(f"{field.name} must be a number above 0, got {value!r}.")
        values[field.name] = value
    return kind(**values)
