"""How each submission of a unit stands: graded, or waiting for a human, and why."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

from rnngrade.course.course import Course
from rnngrade.course.gradebook import Mark, UnitGradebook
from rnngrade.course.submission import Submissions, is_name
from rnngrade.messages import Message, from_plain, message
from rnngrade.run.record import Record, Records, reasons_of

GRADED = "graded"
MARK_MISSING = "mark-missing"  # a part must be marked by hand, or again
UNREADABLE = "unreadable"
FAILED = "failed"
NOT_GRADED = "not-graded"  # handed in, and nobody has graded it yet
MISSING = "missing"
WAITING = (MARK_MISSING, UNREADABLE, FAILED)


@dataclass(frozen=True)
class Standing:
    """How one student stands in a unit."""

    student: str
    status: str
    reasons: tuple[Message, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)
    record: Record | None = None

    @property
    def waits(self) -> bool:
        """Whether a human must do something before there is a grade."""
        return self.status in WAITING


def standings(course: Course, unit: str, others: Collection[str] = ()) -> list[Standing]:
    """How all stand who handed in, have a grade or a record, in the order of names.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit.
        others: students who may have handed in nothing.
    """
    known = _Known(course, unit)
    students = {*others, *known.handed_in, *known.marks, *known.recorded}
    return [known.standing(student) for student in sorted(students)]


class _Known:
    """All that is known of a unit."""

    def __init__(self, course, unit):
        self._course, self._unit = course, unit
        self._records = Records(course.root, unit)

    @cached_property
    def marks(self):
        return UnitGradebook(self._course, self._unit).marks()

    @cached_property
    def handed_in(self):
        return set(Submissions(self._course, self._unit).students())

    @cached_property
    def recorded(self):
        return set(self._records.students())

    def standing(self, student):
        if not is_name(student):
            return Standing(student, FAILED, (message("course.no-name"),))
        marks = dict(self.marks.get(student, {}))
        record = self._records.read(student) if student in self.recorded else None
        status, reasons = self._status(student, marks, record)
        return Standing(student, status, reasons, marks, record)

    def _status(self, student, marks, record):
        trouble = record if record and record["status"] in (UNREADABLE, FAILED) else None
        waiting = [part for part, mark in marks.items() if mark.waits]
        if trouble and (waiting or not marks):
            return trouble["status"], reasons_of(trouble)
        nothing = not any(mark.score for mark in marks.values())  # it may be nobody's 0
        if nothing and (reason := self._unreadable(student)):
            return UNREADABLE, (from_plain(reason),)
        if waiting:
            parts = tuple(part.removesuffix("-test") for part in sorted(waiting))
            return MARK_MISSING, (message("run.mark-missing", n=len(parts), parts=parts),)
        if marks:
            return GRADED, ()
        return (NOT_GRADED if student in self.handed_in else MISSING), ()

    def _unreadable(self, student):
        """The reason in the notebook that `nbgrader autograde` grades for an unreadable one."""
        folder = self._course.folder("autograded", student, self._unit)
        path = folder / f"{self._unit}.ipynb"
        if not path.exists():
            return None
        told = json.loads(path.read_bytes())["metadata"].get("rnngrade", {})
        return told.get("unreadable")
