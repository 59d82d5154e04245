"""A submission: who handed in what, and when."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.utils import find_all_files

from rnngrade.course.course import Course
from rnngrade.course.language import language_in
from rnngrade.course.reader import Unreadable, read
from rnngrade.course.unit import language_of_unit
from rnngrade.digests import digest_of_files
from rnngrade.messages import Message, message

LONGEST_NAME = 128  # bytes; that of a column in the gradebook


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one unit.

    `files` are all that were handed in, `data` those that lie beside the notebook when it
    runs: name → path. `fault` says why there is nothing to be graded, if that can be seen
    without reading the notebook; `hash` is of those files that can be read, or None.
    """

    student: str
    unit: str
    notebook: Path
    files: Mapping[str, Path]
    data: Mapping[str, Path]
    hash: str | None
    handed_in: datetime | None  # in UTC, as timestamp.txt has it
    fault: Message | None
    without_a_word: str  # the language, if the notebook asks for none

    @cached_property
    def language(self) -> str:
        """The language in which the student is told."""
        try:
            return language_in(read(self.notebook)[0].metadata) or self.without_a_word
        except Unreadable:
            return self.without_a_word

    @property
    def own_bytes(self) -> int:
        """The size of the student's own files among `data`."""
        own = set(self.files.values())
        return sum(path.stat().st_size for path in self.data.values() if path in own)


class Submissions:
    """What was handed in for a unit.

    Args:
        course: from `rnngrade.course.course.load`.
        unit: the name of the unit, and of its notebook.
    """

    def __init__(self, course: Course, unit: str):
        self._course, self._unit = course, unit
        converter = Autograde(coursedir=course.coursedir, config=course.config)
        self._students_own = converter.exclude_overwriting.get(unit, ())

    def students(self) -> list[str]:
        """Who handed in, in the order of names."""
        excluded = self._course.coursedir.student_id_exclude.split(",")
        found = self._course.students("submitted", self._unit)
        return [student for student in found if student not in excluded]

    def of(self, student: str) -> Submission:
        """What a student handed in."""
        folder = self._course.folder("submitted", student, self._unit)
        files = _files(folder, self._course.coursedir.ignore)
        regular = {name: path for name, path in files.items() if _is_regular(path)}
        fault = None
        if odd := sorted(files.keys() - regular.keys()):
            fault = message("course.not-a-file", file=odd[0])
        hash = handed_in = None
        try:
            hash = digest_of_files(regular)
        except OSError as error:
            fault = fault or message("course.cannot-open", why=error.strerror)
        try:
            handed_in = self._course.coursedir.get_existing_timestamp(str(folder))
        except Exception:  # nbgrader's own way of saying no fails too
            fault = fault or message("course.no-time", file="timestamp.txt")
        return Submission(
            student=student,
            unit=self._unit,
            notebook=folder / f"{self._unit}.ipynb",
            files=files,
            data=self._data(files),
            hash=hash,
            handed_in=handed_in,
            fault=fault,
            without_a_word=self._language,
        )

    def of_the_unit(self) -> dict[str, Path]:
        """The files beside the source notebook that students get: name → path."""
        folder = self._course.folder("source", unit=self._unit)
        return _files(folder, [*self._course.coursedir.ignore, "*.ipynb"])

    def _data(self, files):
        """A file of the unit takes the place of a student's with the same name.

        But for those in `Autograde.exclude_overwriting`.
        """
        theirs = {
            name: path
            for name, path in self.of_the_unit().items()
            if name not in self._students_own
        }
        return {
            name: path for name, path in {**files, **theirs}.items() if path.suffix != ".ipynb"
        }

    @cached_property
    def _language(self):
        return language_of_unit(self._course, self._unit)


def is_name(student: str) -> bool:
    """Is this fit for a table, a gradebook and the name of a file?"""
    return student.isprintable() and len(os.fsencode(student)) <= LONGEST_NAME


def _is_regular(path):
    return path.is_file() and not path.is_symlink()


def _files(folder, ignore):
    paths = map(Path, find_all_files(str(folder), ignore))
    return {path.relative_to(folder).as_posix(): path for path in sorted(paths)}
