"""Reproduce a grade from its record: the same cells and tests, the same random cases."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rnngrade.course.course import Course
from rnngrade.course.submission import Submissions
from rnngrade.errors import CourseError
from rnngrade.messages import Message, message
from rnngrade.run.converter import Converter
from rnngrade.run.environment import PACKAGES, environment, loaded_by
from rnngrade.run.record import Records, reasons_of
from rnngrade.run.workers import Execute

Points = float | None


@dataclass
class Replay:
    """What came of it.

    `differs` maps a part to the points in the record and the points now; `notes` says what is
    no longer as it was when the grade was given.
    """

    parts: int = 0
    differs: dict[str, tuple[Points, Points]] = field(default_factory=dict)
    notes: list[Message] = field(default_factory=list)


def replay(course: Course, unit: str, student: str, execute: Execute) -> Replay:
    """Execute once more what a record names, and compare. Writes nothing.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit.
        student: the name of the student.
        execute: `Job` → `Outcome`.

    Raises:
        CourseError: there is no record of a grade, or what it names is gone.
    """
    records = Records(course.root, unit)
    record = records.read(student)
    if not record:
        raise CourseError("run.no-record", unit=unit, student=student)
    notes = []
    if "scores" not in record:
        why = reasons_of(record)[0]
        if not record.get("earlier"):
            raise CourseError("run.no-grade", unit=unit, student=student, why=why)
        notes.append(message("run.last-has-no-grade", why=why))
        record = record["earlier"]
    with tempfile.TemporaryDirectory() as folder:
        converter = Converter(course, unit, Path(folder) / "work", Path(folder) / "log")
        if Submissions(course, unit).of(student).hash != record["hashes"]["submission"]:
            notes.append(message("run.other-submission"))
        job = records.job(record)
        loaded = (*loaded_by(job), *converter.loaded)
        for name, now in environment(loaded, (*PACKAGES, "nbgrader")).items():
            was = record["environment"].get(name, "–")
            if was != now:
                notes.append(message("run.other-version", name=name, was=was, now=now))
        points = converter.points(execute(job).notebook)
    was = {part: score["auto"] for part, score in record["scores"].items()}
    differs = {
        part: (was.get(part), points.get(part))
        for part in {**was, **points}
        if was.get(part) != points.get(part)
    }
    return Replay(len(was), differs, notes)
