"""What the grader must know of a unit: its tests, its exports, what it forbids."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from nbgrader.api import Gradebook

from rnngrade.course.course import Course
from rnngrade.course.seeds import student_seed
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Limits, Policy, TestCell
from rnngrade.exercise.names import names_defined
from rnngrade.messages import ENGLISH, languages

Settings = TypeVar("Settings", Policy, Limits)


@dataclass(frozen=True)
class Unit:
    """One notebook of the course, as its tests see it."""

    name: str
    notebook: str
    tests: tuple[TestCell, ...]
    exports: frozenset[str]
    policy: Policy
    limits: Limits
    language: str | None = None  # of those who are not told in one of their own

    def job(
        self,
        secret: bytes,
        student: str,
        text: str,
        files: Mapping[str, bytes],
        sandbox: bool = True,
        language: str = ENGLISH,
    ) -> Job:
        """The `Job` of a student's sanitised notebook."""
        return Job(
            student=student,
            unit=self.name,
            notebook=text,
            tests=self.tests,
            exports=self.exports,
            seed=student_seed(secret, self.name, self.notebook, student),
            files=dict(files),
            policy=self.policy,
            limits=self.limits,
            sandbox=sandbox,
            language=language,
        )


def load_unit(db_url: str, source: Path, name: str, notebook: str) -> Unit:
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
    language = _language(name, settings)
    exports = names_defined(stubs) | set(settings.pop("exports", ()))
    policy, limits = _fill(name, Policy, settings), _fill(name, Limits, settings)
    if settings:
        raise CourseError("course.unknown-setting", unit=name, setting=min(settings))
    return Unit(name, notebook, tests, frozenset(exports), policy, limits, language)


def language_of_unit(course: Course, unit: str) -> str:
    """The language of those in a unit whose notebooks ask for none.

    Raises:
        CourseError: the unit asks for one that we do not speak.
    """
    path = course.folder("source", unit=unit) / f"{unit}.ipynb"
    settings = read_settings(path) if path.exists() else {}
    return _language(unit, settings) or course.language


def read_settings(path: Path) -> dict[str, Any]:
    """What the front matter of the source says under `rnngrade:`.

    Raises:
        CourseError: there is no such notebook.
    """
    if not path.exists():
        raise CourseError("course.no-source", file=f"{path}")
    return dict(nbformat.read(path, as_version=4).metadata.get("rnngrade", {}))


def _language(unit, settings):
    asked = settings.pop("language", None)
    if asked is not None and asked not in languages():
        raise CourseError(
            "course.setting-language", unit=unit, value=f"{asked}", known=languages()
        )
    return asked


def _fill(unit: str, kind: type[Settings], settings: dict[str, Any]) -> Settings:
    """Take from the settings what belongs to this dataclass.

    Raises:
        CourseError: a setting of another kind than its default.
    """
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name not in settings:
            continue
        value = settings.pop(field.name)
        told = {"unit": unit, "setting": field.name, "value": f"{value!r}"}
        if isinstance(field.default, tuple):
            if not isinstance(value, list):
                raise CourseError("course.setting-list", **told)
            value = tuple(value)
        elif isinstance(field.default, bool):
            if not isinstance(value, bool):
                raise CourseError("course.setting-yes-or-no", **told)
        elif isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise CourseError("course.setting-number", **told)
        values[field.name] = value
    return kind(**values)
