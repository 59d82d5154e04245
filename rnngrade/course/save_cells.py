"""nbgrader's step that enters the cells of a unit, for a unit that has submissions already.

nbgrader refuses to add or remove a cell then, with the release replaced already. Here what is
new is added to all submissions, which get their points for it when they are graded again, and
what is gone goes with the points of the tests. Marks by hand are never thrown away: a cell
that has some cannot go.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry, Notebook
from nbgrader.preprocessors import SaveCells

from rnngrade.course.course import Course
from rnngrade.errors import CourseError
from rnngrade.exercise.source import read_source

Key = tuple[str, str]  # of a cell in the gradebook: its kind there, and its name
KINDS = {"grade": "GradeCell", "solution": "SolutionCell", "task": "TaskCell"}


class SaveCellsOfSubmissions(SaveCells):
    """Stands in the place of nbgrader's `SaveCells` in `GenerateAssignment.preprocessors`."""

    def _create_notebook(self, nb: NotebookNode) -> None:
        try:
            known = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        except MissingEntry:
            known = None
        if known and known.submissions:
            self._keep_submissions(known)
        super()._create_notebook(nb)

    def _keep_submissions(self, known):
        """Make the cells of the gradebook those of the unit, also for what is handed in."""
        adding: dict[str, tuple[dict[str, Any], Callable[..., BaseCell]]] = {
            "GradeCell": (self.new_grade_cells, self.gradebook.add_grade_cell),
            "SolutionCell": (self.new_solution_cells, self.gradebook.add_solution_cell),
            "TaskCell": (self.new_task_cells, self.gradebook.add_task_cell),
        }
        wanted = {(kind, name) for kind, (cells, _) in adding.items() for name in cells}
        _check(self.assignment_id, known, wanted)
        there = {(cell.type, cell.name): cell for cell in known._base_cells}
        for key in there.keys() - wanted:
            for row in (*there[key].grades, *there[key].comments, there[key]):
                self.gradebook.db.delete(row)
        self._keep_sources(known)
        for kind, name in sorted(wanted - there.keys()):
            cells, add = adding[kind]
            cell = add(name, self.notebook_id, self.assignment_id, **cells[name])
            for submitted in known.submissions:
                self.gradebook.db.add_all(_rows(kind, cell, submitted))
        self.gradebook.db.commit()

    def _keep_sources(self, known):
        there = {cell.name: cell for cell in known.source_cells}
        for name in there.keys() - self.new_source_cells.keys():
            self.gradebook.db.delete(there[name])
        self.gradebook.db.commit()
        where = self.notebook_id, self.assignment_id
        for name in sorted(self.new_source_cells.keys() - there.keys()):
            self.gradebook.add_source_cell(name, *where, **self.new_source_cells[name])


def check_sources(course: Course, units: Iterable[str]) -> None:
    """See that nothing is lost when these units are entered into the gradebook.

    Args:
        course: from `rnngrade.course.course.load`.
        units: names of units; those that the gradebook or solutions/ does not know are passed
            over.

    Raises:
        CourseError: a cell is gone that has marks by hand, named with the ways out.
    """
    try:
        opened = course.gradebook()
    except CourseError:  # there is none yet
        return
    with opened as gradebook:
        for unit in units:
            source = course.folder("source", unit=unit) / f"{unit}.md"
            known = _find(gradebook, unit)
            if known and known.submissions and source.exists():
                _check(unit, known, set(_keys(read_source(Path(source)).cells)))


def _find(gradebook: Gradebook, unit: str) -> Notebook | None:
    try:
        return gradebook.find_notebook(unit, unit)
    except MissingEntry:
        return None


def _keys(cells: Sequence[NotebookNode]) -> Iterator[Key]:
    """What the cells of a source notebook are in the gradebook."""
    for cell in cells:
        role = cell.metadata.get("nbgrader") or {}
        for key, kind in KINDS.items():
            if role.get(key):
                yield kind, role["grade_id"]


def _check(unit: str, known: Notebook, wanted: set[Key]) -> None:
    for cell in known._base_cells:
        marked = sum(_by_hand(row) for row in (*cell.grades, *cell.comments))
        if marked and (cell.type, cell.name) not in wanted:
            raise CourseError("course.cell-has-marks", unit=unit, cell=cell.name, n=marked)


def _by_hand(row: Grade | Comment) -> bool:
    """Is there a human's work in it?"""
    if isinstance(row, Comment):
        return bool(row.manual_comment)
    return (row.manual_score, row.extra_credit) != (None, None)


def _rows(kind, cell, submitted):
    """What a submission has for a cell that is new."""
    if kind in ("GradeCell", "TaskCell"):
        yield Grade(cell_id=cell.id, notebook=submitted)
    if kind in ("SolutionCell", "TaskCell"):
        yield Comment(cell_id=cell.id, notebook=submitted)
