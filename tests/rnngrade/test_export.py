"""Grades as files: they come back as they were, run nothing, and no 0 is made up."""

import csv
import io

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, new_output

from rnngrade.course.course import load
from rnngrade.errors import CourseError
from rnngrade.messages import in_language, languages, message
from rnngrade.reports.export import export
from rnngrade.reports.spreadsheet import csv_of
from rnngrade.run.record import Records
from tests.rnngrade.test_feedback import cell, small
from tests.rnngrade.written_course import WrittenCourse

NASTY = [
    '=HYPERLINK("https://example.org","a")',
    "+7 916 000-00-00",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\n=1",
    "＝1",
]
PLAIN = ["Анна", 'O"Neill, "Jr."', "two\nlines", "a;b", "'quoted", "", "a=b", "семь-восемь"]
EMPTY, STAYS = message("course.empty"), message("run.earlier-grade-stays")
NO_TIME, DIED = message("course.no-time", file="timestamp.txt"), message("run.worker-died")
NOTES = 'A comment, with "quotes"\nand <b>two</b> lines.'


def unit(*names):
    """A unit with a test of two points for each name."""
    return small(
        *(cell(name, "x", solution=True, grade=False) for name in names),
        *(cell(f"{name}-test", "y", grade=True, points=2, locked=True) for name in names),
    )


def lost(notebook, part, sentence):
    """The notebook with what a test said in it."""
    error = new_output("error", ename="AssertionError", evalue=sentence, traceback=[])
    next(c for c in notebook.cells if c.id == part).outputs = [error]
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Two units, and students in every state that there is."""
    course = WrittenCourse(tmp_path_factory.mktemp("course"))
    units = {"gates": unit("one", "two"), "text": unit("two", "three")}
    for name, notebook in units.items():
        course.add_unit(name, notebook)
        path = course.root / "exercises" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    add, grade = course.add_student, course.grade
    add("anna", first_name="Анна", last_name='O"Neill, Ким', email="a@b.org", lms_user_id="41")
    add("ben", first_name="=1+1", last_name="@ben", email="b@b.org", lms_user_id="42")
    for student in ("hand", "late", "mute", "none", "zero"):
        add(student, last_name=student)
    notebook = lost(unit("one", "two"), "two-test", "f_t is\nwrong.")
    grade("gates", "anna", {"one-test": 2, "two-test": 0.5}, notebook, comments={"one": NOTES})
    grade("text", "anna", {"two-test": 2, "three-test": 2}, unit("two", "three"))
    grade("gates", "ben", {"one-test": 2, "two-test": 2}, unit("one", "two"), penalty=1)
    grade("gates", "hand", {"one-test": 2, "two-test": None})
    grade("gates", "late", {"one-test": 1, "two-test": 0}, penalty=3)
    grade("gates", "zero", {"one-test": 0, "two-test": 0}, unit("one", "two"))
    # Not in the gradebook; entered by `rnngrade grade`; taken for a 0 by `nbgrader autograde`.
    course.put("submitted", "gates", "new", "{}")
    grade("gates", "mute", {})
    why = {"status": "unreadable", "reasons": [NO_TIME.plain()]}
    Records(course.root, "gates").write("mute", why)
    Records(course.root, "gates").write(
        "gone", {"status": "failed", "reasons": [DIED.plain(), STAYS.plain()]}
    )
    told = {"rnngrade": {"unreadable": EMPTY.plain()}}
    empty = new_notebook(cells=[new_markdown_cell("not graded")], metadata=told)
    grade("gates", "void", {"one-test": 0, "two-test": 0}, empty)
    # A record that is no longer true: somebody has graded it by hand since.
    grade("text", "hand", {"two-test": 1, "three-test": 0})
    Records(course.root, "text").write("hand", why)
    return course


def written(course, form, units=()):
    """The rows of the file, and what is said about it."""
    path = course.root / f"{form}.csv"
    said = export(load(course.root), form, units, path)
    text = path.read_text("utf-8-sig" if form == "csv" else "utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), quoting=csv.QUOTE_NONNUMERIC)), said


def by_student(rows, names, place=0):
    return {row[place]: dict(zip(names, row, strict=True)) for row in rows}


def test_one_row_per_student_and_unit(course):
    (names, *rows), said = written(course, "csv", ["gates"])
    assert names == [
        *("student_id", "last_name", "first_name", "email", "unit", "one", "two"),
        *("score", "max_score", "late_penalty", "status"),
    ]
    found = by_student(rows, names)
    assert len(found) == len(rows) == 10
    assert rows[-1][0] == "zero"  # in the order of last names; those without come first
    assert found["anna"] == {
        "student_id": "anna",
        "last_name": 'O"Neill, Ким',
        "first_name": "Анна",
        "email": "a@b.org",
        "unit": "gates",
        "one": 2,
        "two": 0.5,
        "score": 2.5,
        "max_score": 4,
        "late_penalty": 0,
        "status": "graded",
    }
    assert (found["ben"]["score"], found["ben"]["late_penalty"]) == (3, 1)
    assert (found["late"]["score"], found["late"]["status"]) == (0, "graded")
    assert said["file"] == f"{course.root / 'csv.csv'}"
    assert (said["results"]["n"], said["units"]["n"]) == (10, 1)
    assert {each["status"].id: each["count"] for each in said["without"]} == {
        "reports.unreadable": 2,
        "reports.failed": 1,
        "reports.not-graded": 1,
        "reports.mark-missing": 1,
        "reports.missing": 1,
    }


@pytest.mark.parametrize(
    ("student", "status", "reasons", "score"),
    [
        ("zero", "reports.graded", [], 0),
        ("hand", "reports.mark-missing", [], 2),
        ("mute", "reports.unreadable", [NO_TIME], ""),
        ("void", "reports.unreadable", [EMPTY], ""),
        ("gone", "reports.failed", [DIED, STAYS], ""),
        ("new", "reports.not-graded", [], ""),
        ("none", "reports.missing", [], ""),
    ],
)
@pytest.mark.parametrize("language", languages())
def test_no_zero_is_made_up(course, student, status, reasons, score, language):
    with in_language(language):
        (names, *rows), _ = written(course, "csv", ["gates"])
        row = by_student(rows, names)[student]
        told = f"{message(status)}"
        if reasons:
            told += f": {' '.join(map(str, reasons))}"
    assert (row["status"], row["score"]) == (told, score)
    for form in ("canvas", "moodle"):
        (_, *rows), _ = written(course, form, ["gates"])
        is_there = student in {name for row in rows for name in row}
        assert is_there == (status == "reports.graded")


def test_what_was_graded_by_hand_after_all_is_graded(course):
    (names, *rows), _ = written(course, "csv", ["text"])
    assert by_student(rows, names)["hand"]["status"] == "graded"


def test_all_units_in_one_file(course):
    (names, *rows), said = written(course, "csv")
    assert names[5:8] == ["one", "two", "three"]
    assert len(rows) == 10 + 8
    text = next(row for row in rows if row[0] == "anna" and row[4] == "text")
    assert text[5:8] == ["", 2, 2]
    assert (said["results"]["n"], said["units"]["n"]) == (18, 2)


def test_canvas(course):
    (names, points, *rows), _ = written(course, "canvas")
    assert names == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "gates", "text"]
    assert points == ["    Points Possible", "", "", "", "", 4, 4]
    assert rows == [
        ["'@ben, =1+1", "42", "", "ben", "", 3, ""],
        ['O"Neill, Ким, Анна', "41", "", "anna", "", 2.5, 4],
        ["hand", "", "", "hand", "", "", 1],
        ["late", "", "", "late", "", 0, ""],
        ["zero", "", "", "zero", "", 0, ""],
    ]


def test_moodle(course):
    (names, *rows), _ = written(course, "moodle", ["gates"])
    assert names == [
        *("First name", "Last name", "Username", "ID number"),
        *("Assignment: gates", "Assignment: gates (Feedback)"),
    ]
    found = {row[2]: row for row in rows}
    comment = f"two: 0.5 of 2. f_t is\none: {NOTES}"
    assert found["anna"] == ["Анна", 'O"Neill, Ким', "anna", "anna", 2.5, comment]
    assert found["ben"] == ["'=1+1", "'@ben", "ben", "ben", 3, ""]
    assert found["zero"][5].startswith("one: 0 of 2. Not all points were given.\n")
    assert set(found) == {"anna", "ben", "late", "zero"}


def test_moodle_gets_addresses_only_if_everybody_has_one(tmp_path):
    """It would give the grade of a row without one to the student of the row before."""
    course = WrittenCourse(tmp_path)
    course.add_unit("gates", unit("one"))
    course.add_student("anna", email="a@b.org")
    course.grade("gates", "anna", {"one-test": 2}, unit("one"))
    names, row = written(course, "moodle")[0]
    assert (names[4], row[4]) == ("Email address", "a@b.org")
    course.grade("gates", "ben", {"one-test": 2}, unit("one"))
    assert "Email address" not in written(course, "moodle")[0][0]


def test_a_file_is_text_for_whom_it_is_for(course):
    for form, mark in (("csv", True), ("canvas", False), ("moodle", False)):
        export(load(course.root), form)
        name = "grades.csv" if form == "csv" else f"grades-{form}.csv"
        data = (course.root / name).read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") == mark
        assert "Анна" in data.decode("utf-8")


def test_names_and_numbers_come_back():
    rows = [[*PLAIN, 1, 0.1 + 0.2, 7.0, -1.5, None]]
    text = csv_of(rows)
    (back,) = csv.reader(io.StringIO(text, newline=""), quoting=csv.QUOTE_NONNUMERIC)
    assert back == [*PLAIN, 1, 0.3, 7, -1.5, ""]
    assert text.endswith(',1,0.3,7,-1.5,""\r\n')


@pytest.mark.parametrize("words", NASTY)
def test_no_cell_is_a_formula(words):
    (back,) = (next(csv.reader(io.StringIO(csv_of([[words]]), newline=""))),)
    assert back == [f"'{words}"]


def test_bad_requests_are_one_sentence(course, tmp_path):
    with pytest.raises(CourseError) as told:
        export(load(course.root), "csv", ["gate"])
    known = ["gates", "text"]
    assert told.value.message == message("reports.unknown-unit", unit="gate", known=known)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()")
    with pytest.raises(CourseError) as told:
        export(load(tmp_path), "csv")
    assert told.value.id == "course.no-gradebook"
    assert not (tmp_path / "gradebook.db").exists()
