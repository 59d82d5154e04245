"""Reproduce a grade from its record: the same cells and tests, the same random cases."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from rnngrade.errors import CourseError
from rnngrade.run.batch import Batch
from rnngrade.run.record import Records, digest_of_files, environment


@dataclass
class Replay:
    """What came of it.

    `differs` maps a part to the points in the record and the points now; `notes` says what is
    no longer as it was when the grade was given.
    """

    parts: int = 0
    differs: dict[str, tuple] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def replay(course, unit, student, execute):
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
        raise CourseError(f"there is no record of {unit} of {student!r}: nothing to replay.")
    notes = []
    if "scores" not in record:
        if not record.get("earlier"):
            raise CourseError(f"{student!r} has no grade for {unit}: {record['reason']}")
        notes.append(f"The last submission has no grade: {record['reason']}")
        record = record["earlier"]
    with tempfile.TemporaryDirectory() as folder:
        batch = Batch(course, unit, Path(folder) / "work", Path(folder) / "log")
        if digest_of_files(batch.handed_in(student)) != record["hashes"]["submission"]:
            notes.append("What lies in submitted/ is no longer what was graded.")
        for name, version in environment().items():
            if record["environment"].get(name) != version:
                was = record["environment"].get(name, "none")
                notes.append(f"{name} was {was} and is {version}.")
        now = batch.points(execute(records.job(record)).notebook)
    was = {part: score["auto"] for part, score in record["scores"].items()}
    differs = {p: (was.get(p), now.get(p)) for p in {**was, **now} if was.get(p) != now.get(p)}
    return Replay(len(was), differs, notes)
