"""The record of a grade: what was graded, with what, where, and how it ended.

    .rnngrade/records/UNIT/STUDENT.json    the record
    .rnngrade/objects/SHA256               what its hashes name: notebooks, tests, data files

Together they are enough to grade again, whatever has become of the course since.
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnngrade.digests import as_json, digest
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Limits, Policy, TestCell
from rnngrade.files import write_aside
from rnngrade.messages import ENGLISH, Message, from_plain

SCHEMA = 2
HOME = ".rnngrade"

Record = dict[str, Any]


def tests_of(job: Job) -> dict[str, Any]:
    """The instructor's part of a job, as plain data."""
    return {
        "tests": [asdict(test) for test in job.tests],
        "exports": sorted(job.exports),
        "policy": asdict(job.policy),
        "limits": asdict(job.limits),
    }


def reasons_of(record: Record) -> tuple[Message, ...]:
    """Why there is no grade, or why it is worth a look."""
    return tuple(map(from_plain, record["reasons"]))


def in_plain(reasons: Iterable[Message]) -> list[dict[str, Any]]:
    """Messages as a record has them."""
    return [reason.plain() for reason in reasons]


class Records:
    """The records of one unit.

    Args:
        root: the root of the course.
        unit: the name of the unit.
    """

    def __init__(self, root: Path, unit: str):
        self._unit = unit
        self._folder = Path(root) / HOME / "records" / unit
        self._objects = Path(root) / HOME / "objects"

    def students(self) -> list[str]:
        """Who has a record."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def read(self, student: str) -> Record | None:
        """The record of a student; None if there is none, or one of an older form."""
        try:
            record = json.loads(self._path(student).read_bytes())
        except FileNotFoundError:
            return None
        return record if record["schema"] == SCHEMA else None

    def write(self, student: str, record: Record) -> None:
        """Write the record of a student; at any moment the file is the old or the new."""
        text = json.dumps(
            {"schema": SCHEMA, "unit": self._unit, "student": student, **record}, indent=1
        )
        write_aside(self._path(student), text.encode() + b"\n")

    def keep(self, job: Job) -> dict[str, Any]:
        """Keep what a job was made of; its hashes, to put into the record."""
        return {
            "notebook": self._put(job.notebook.encode()),
            "tests": self._put(as_json(tests_of(job))),
            "files": {name: self._put(data) for name, data in sorted(job.files.items())},
        }

    def job(self, record: Record) -> Job:
        """The job of a record, as it was.

        Raises:
            CourseError: what the record names is gone, or is something else.
        """
        kept = record["job"]
        tests = json.loads(self._get(kept["tests"]))
        return Job(
            student=record["student"],
            unit=record["unit"],
            notebook=self._get(kept["notebook"]).decode(),
            tests=tuple(TestCell(**test) for test in tests["tests"]),
            exports=frozenset(tests["exports"]),
            seed=record["seed"],
            files={name: self._get(key) for name, key in kept["files"].items()},
            policy=Policy(**{**tests["policy"], "allows": tuple(tests["policy"]["allows"])}),
            limits=Limits(**tests["limits"]),
            sandbox=record["sandboxed"],
            language=record.get("language", ENGLISH),
        )

    def _path(self, student):
        return self._folder / f"{student}.json"

    def _put(self, data):
        key = digest(data)
        path = self._objects / key[:2] / key
        if not path.exists():
            write_aside(path, gzip.compress(data, mtime=0))
        return key

    def _get(self, key):
        path = self._objects / key[:2] / key
        try:
            data = gzip.decompress(path.read_bytes())
        except (OSError, EOFError) as error:
            raise CourseError("run.object-missing", file=f"{path}") from error
        if digest(data) != key:
            raise CourseError("run.object-changed", file=f"{path}")
        return data
