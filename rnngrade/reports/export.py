"""Grades as a file: for a spreadsheet, for Canvas, for Moodle.

A grade is sent to a learning platform only when it is one. Who handed in nothing, or
something that cannot be read, or waits for a human, is no 0: in the spreadsheet the status
says so, and the platform hears nothing of it.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import nbformat

from rnngrade.course.course import Course
from rnngrade.course.feedback import Report, steps_that_hide
from rnngrade.errors import CourseError
from rnngrade.files import write_aside
from rnngrade.messages import Message, message
from rnngrade.reports.results import STATUS, Result, results
from rnngrade.reports.spreadsheet import csv_of
from rnngrade.run.status import GRADED


def export(
    course: Course, form: str, units: Sequence[str] = (), output: Path | None = None
) -> Message:
    """Write the grades of the course.

    Args:
        course: from `rnngrade.course.course.load`.
        form: "csv", "canvas" or "moodle".
        units: names of units; none means all.
        output: the file; by default grades.csv, grades-canvas.csv or grades-moodle.csv.

    Returns:
        What was written, and how many have no grade.

    Raises:
        CourseError: there is no gradebook, or no such unit.
    """
    with course.gradebook() as gradebook:
        units = _units(gradebook, units)
        found = [result for unit in units for result in results(course, gradebook, unit)]
        if form == "moodle":
            rows = _moodle(found, lambda result: _comment(course, gradebook, result))
        else:
            rows = _canvas(found) if form == "canvas" else _csv(found)
        # Excel takes UTF-8 without a mark for the letters of its country. The platforms know
        # better, and Canvas stumbles over a mark.
        text = csv_of(rows, mark=form == "csv")
    output = output or course.root / ("grades.csv" if form == "csv" else f"grades-{form}.csv")
    write_aside(output, text.encode())
    return _summary(output, found, units)


def _csv(found):
    """One row per student and unit; the parts of all units are columns."""
    parts = list(dict.fromkeys(part for result in found for part in result.parts))
    names = ["student_id", "last_name", "first_name", "email", "unit"]
    yield [*names, *parts, "score", "max_score", "late_penalty", "status"]
    for r in found:
        points = [r.parts.get(part) for part in parts]
        who = [r.student, r.last_name, r.first_name, r.email, r.unit]
        yield [*who, *points, r.score, r.max_score, r.penalty, r.told]


def _canvas(found):
    """What Canvas imports into its gradebook.

    The columns are those of its own export. It finds a student by ID, or else by SIS Login ID,
    here nbgrader's student_id (instructure/canvas-lms, lib/gradebook_importer.rb). An empty
    cell would take a grade away, so who has none in any unit has no row.
    """
    most = {result.unit: result.max_score for result in found}
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *most]
    yield ["    Points Possible", "", "", "", "", *most.values()]
    for who, of in _by_student(found):
        name = ", ".join(filter(None, (who.last_name, who.first_name))) or who.student
        scores = [of[unit].final for unit in most]
        yield [name, who.platform_id, "", who.student, "", *scores]


def _moodle(found, comment):
    """What Moodle imports under Grades > Import > CSV file (docs.moodle.org/en/Grade_import).

    One maps "Username" or "ID number" there, whichever the student_id of the course is. Moodle
    gives the grade in a row without an address to the student of the row before
    (moodle/moodle, grade/import/csv/classes/load_data.php), so there is a column of addresses
    only if everybody has one.
    """
    units = list(dict.fromkeys(result.unit for result in found))
    students = _by_student(found)
    addresses = all(who.email for who, _ in students)
    names = ["First name", "Last name", "Username", "ID number"]
    items = [f"Assignment: {unit}{what}" for unit in units for what in ("", " (Feedback)")]
    yield [*names, *["Email address"] * addresses, *items]
    for who, of in students:
        row = [who.first_name, who.last_name, who.student, who.student]
        row += [who.email] * addresses
        for unit in units:
            graded = of[unit].final is not None
            row += [of[unit].final, comment(of[unit])] if graded else [None, None]
        yield row


def _by_student(found):
    """The results of each student who has a grade: one of them, and all by unit."""
    students: dict[str, dict[str, Result]] = {}
    for result in found:
        students.setdefault(result.student, {})[result.unit] = result
    return [
        (next(iter(of.values())), of)
        for of in students.values()
        if any(result.final is not None for result in of.values())
    ]


def _comment(course, gradebook, result):
    """What the feedback page says, in a few lines."""
    unit = result.unit
    path = course.folder("autograded", result.student, unit) / f"{unit}.ipynb"
    if not path.exists():
        return ""
    where = {"assignment": unit, "notebook": unit, "student": result.student}
    notebook = nbformat.read(path, as_version=4)
    report = Report(gradebook, where, notebook, steps_that_hide(config=course.config))
    return report.in_short()


def _units(gradebook, units):
    there = sorted(assignment.name for assignment in gradebook.assignments)
    for unit in units:
        if unit not in there:
            if not there:
                raise CourseError("reports.no-units", unit=unit)
            raise CourseError("reports.unknown-unit", unit=unit, known=there)
    return list(units) or there


def _summary(output, found, units):
    """Such as: grades.csv: 40 results of 1 unit; without a grade: 2 missing."""
    lacking = Counter(result.status for result in found if result.status != GRADED)
    written = {
        "file": f"{output}",
        "results": message("reports.results", n=len(found)),
        "units": message("reports.units", n=len(units)),
    }
    if not lacking:
        return message("reports.exported", **written)
    without = [
        message("reports.so-many", count=count, status=message(STATUS[status]))
        for status, count in lacking.most_common()
    ]
    return message("reports.exported-without", **written, without=without)
