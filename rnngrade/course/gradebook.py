"""What nbgrader's gradebook says about the submissions of one unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import Autograde

from rnngrade.course.course import Course
from rnngrade.course.submission import Submission
from rnngrade.errors import CourseError


@dataclass(frozen=True)
class Mark:
    """What the gradebook says about one part: `score` is what counts, manual marks included."""

    auto: float | None
    manual: float | None
    score: float
    waits: bool  # for a human

    @property
    def given(self) -> bool:
        """Whether anybody has given points, be it 0."""
        return (self.auto, self.manual) != (None, None)


Marks = Mapping[str, Mark]  # part → its mark


@dataclass(frozen=True)
class Dates:
    """When a unit is due, and by whom: what the penalty for being late depends on."""

    due: datetime | None
    extensions: Mapping[str, timedelta]  # student → how much later it is due
    entered: Mapping[str, datetime]  # student → when it was handed in, as last entered

    def seconds_late(self, submission: Submission) -> float:
        """How late a submission is, as nbgrader counts it; 0 if it is in time."""
        when = submission.handed_in or self.entered.get(submission.student)
        if when is None or self.due is None:
            return 0
        due = self.due + self.extensions.get(submission.student, timedelta())
        return max(0, (when - due).total_seconds())


class UnitGradebook:
    """The gradebook's view of one unit.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit, and of its notebook.

    Raises:
        CourseError: there is no gradebook, or it does not know the unit.
    """

    def __init__(self, course: Course, unit: str):
        self._course, self._unit = course, unit
        try:
            with course.gradebook() as gradebook:
                gradebook.find_notebook(unit, unit)
        except MissingEntry:
            raise CourseError("course.unknown-unit", unit=unit) from None

    def marks(self, student: str | None = None) -> dict[str, Marks]:
        """The marks of all students, or of one: student → part → `Mark`."""
        with self._course.gradebook() as gradebook:
            query = (
                gradebook.db.query(
                    SubmittedAssignment.student_id,
                    BaseCell.name,
                    Grade.auto_score,
                    Grade.manual_score,
                    Grade.score,
                    Grade.needs_manual_grade,
                )
                .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
                .join(
                    SubmittedAssignment,
                    SubmittedNotebook.assignment_id == SubmittedAssignment.id,
                )
                .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
                .join(BaseCell, Grade.cell_id == BaseCell.id)
                .filter(Assignment.name == self._unit)
            )
            if student is not None:
                query = query.filter(SubmittedAssignment.student_id == student)
            marks: dict[str, dict[str, Mark]] = {}
            for name, part, *numbers in query:
                marks.setdefault(name, {})[part] = Mark(*numbers)
            return dict(marks)

    def dates(self) -> Dates:
        """When the unit is due, and who has more time."""
        with self._course.gradebook() as gradebook:
            unit = gradebook.find_assignment(self._unit)
            rows = gradebook.db.query(
                SubmittedAssignment.student_id,
                SubmittedAssignment.extension,
                SubmittedAssignment.timestamp,
            ).filter(SubmittedAssignment.assignment_id == unit.id)
            known = [*rows]
            return Dates(
                unit.duedate,
                {student: more for student, more, _ in known if more},
                {student: when for student, _, when in known if when},
            )

    def settle(self, student: str, parts: Sequence[str]) -> None:
        """These parts wait for nobody: nbgrader lets every mark by hand wait again."""
        if not parts:
            return
        with self._course.gradebook() as gradebook:
            found = gradebook.find_submission_notebook(self._unit, self._unit, student)
            for grade in found.grades:
                if grade.name in parts:
                    grade.needs_manual_grade = False
            gradebook.db.commit()

    def ask_a_human(self, submission: Submission) -> None:
        """Enter a submission that has no outcome: what grades it has stay, and wait for review.

        So a student who was never graded stands in formgrader as waiting, and not as 0.
        """
        when = {"timestamp": submission.handed_in} if submission.handed_in else {}
        may_add = Autograde(config=self._course.config).create_student
        with self._course.gradebook() as gradebook:
            if may_add:
                gradebook.update_or_create_student(submission.student)
            gradebook.update_or_create_submission(self._unit, submission.student, **when)
            found = gradebook.find_submission_notebook(
                self._unit, self._unit, submission.student
            )
            for grade in found.grades:
                grade.needs_manual_grade = True
            gradebook.db.commit()
