"""What is known of every student in a unit: the points, or why there are none."""

import json
from dataclasses import dataclass, field

from nbgrader.api import Gradebook

from rnngrade.course.course import Course
from rnngrade.messages import Message, message
from rnngrade.run.status import (
    FAILED,
    GRADED,
    MARK_MISSING,
    MISSING,
    NOT_GRADED,
    UNREADABLE,
    standings,
)

STATUS = {
    GRADED: "reports.graded",
    MARK_MISSING: "reports.mark-missing",
    NOT_GRADED: "reports.not-graded",
    MISSING: "reports.missing",
    UNREADABLE: "reports.unreadable",
    FAILED: "reports.failed",
}


@dataclass(frozen=True)
class Result:
    """One student in one unit; None stands for a score that nobody gave.

    `status` is one of `rnngrade.run.status`, `reasons` say why there is no grade.
    """

    student: str
    last_name: str
    first_name: str
    email: str
    platform_id: str  # of the learning platform, if the gradebook knows it
    unit: str
    max_score: float
    status: str
    reasons: tuple[Message, ...] = ()
    score: float | None = None
    penalty: float = 0
    parts: dict[str, float | None] = field(default_factory=dict)

    @property
    def final(self) -> float | None:
        """The score, if nothing is left to do about it."""
        return self.score if self.status == GRADED else None

    @property
    def told(self) -> str:
        """The status in words, with the reasons if the submission itself is at fault."""
        status = message(STATUS[self.status]).in_words()
        if self.status in (UNREADABLE, FAILED):
            return f"{status}: {' '.join(map(str, self.reasons))}"
        return status


def results(course: Course, gradebook: Gradebook, unit: str) -> list[Result]:
    """The results of all who are in the gradebook or handed in, in the order of names."""
    assignment = gradebook.find_assignment(unit)
    penalties = {s.student.id: s.late_submission_penalty for s in assignment.submissions}
    students = {student.id: student for student in gradebook.students}
    order = _order(course, unit)
    found = []
    for standing in standings(course, unit, others=students):
        name = standing.student
        marks = sorted(
            standing.marks.items(),
            key=lambda mark: order.index(mark[0]) if mark[0] in order else len(order),
        )
        parts = {
            part.removesuffix("-test"): mark.score if mark.given else None
            for part, mark in marks
        }
        given = [score for score in parts.values() if score is not None]
        penalty = penalties.get(name) or 0
        score = max(0, sum(given) - penalty) if given else None
        nothing = standing.waits and not score  # a 0 that nobody gave
        found.append(
            Result(
                student=name,
                **_names(students.get(name)),
                unit=unit,
                max_score=assignment.max_score,
                status=standing.status,
                reasons=standing.reasons,
                score=None if nothing else score,
                penalty=penalty,
                parts={} if nothing else parts,
            )
        )
    return sorted(found, key=lambda r: (r.last_name, r.first_name, r.student))


def _names(student):
    known = ("last_name", "first_name", "email", "lms_user_id")
    last, first, email, platform_id = (getattr(student, name, None) or "" for name in known)
    return {
        "last_name": last,
        "first_name": first,
        "email": email,
        "platform_id": platform_id,
    }


def _order(course, unit):
    """The grade_ids of a unit as they stand in the notebook; the gradebook has no order."""
    path = course.folder("release", unit=unit) / f"{unit}.ipynb"
    cells = json.loads(path.read_bytes())["cells"] if path.exists() else ()
    return [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]
