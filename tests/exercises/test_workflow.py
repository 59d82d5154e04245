"""nbgrader's own commands in a copy of the course, from the release to the grades."""

import contextlib
import csv
import html
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
import requests
from nbgrader.api import Gradebook

from tests.exercises.submission import (
    ROOT,
    UNIT,
    all_wrong,
    mark,
    points,
    release,
    right,
    secret_lines,
    solutions,
    solved,
    source,
)

TOKEN = "of-this-test"
SOURCE = source()
SECRETS = secret_lines(SOURCE, "HIDDEN TESTS")
POINTS = points(SOURCE)
PARTS = list(POINTS)
NOISY = "\n".join(s.code for s in solutions("right") if "warn" in s.code) or right()
WRONG = min(solutions("wrong"), key=lambda solution: len(solution.loses))
FIRST = next(s for s in solutions("wrong") if s.loses[0] == PARTS[0])


def unfinished():
    """Solved, but for the last part."""
    notebook, blank = solved(release()), {cell.id: cell.source for cell in release().cells}
    for cell in notebook.cells:
        if cell.id == PARTS[-1]:
            cell.source = blank[cell.id]
    return notebook


def tampered():
    """Wrong at the first part, whose test is emptied; the last part is deleted, test and all."""
    notebook = solved(release(), FIRST.code)
    for cell in notebook.cells:
        if cell.id == f"{PARTS[0]}-test":
            cell.source = "pass"
    gone = (PARTS[-1], f"{PARTS[-1]}-test")
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]
    return notebook


def copied():
    """Right, but an answer and a test stand there twice, each copy where it fails."""
    notebook = solved(release(), right())
    for name in (PARTS[1], f"{PARTS[2]}-test"):
        again = next(cell for cell in notebook.cells if cell.id == name).copy()
        again.id += "-again"
        again.source = f"no_such_name\n{again.source}"
        notebook.cells.insert(0, again)
    return notebook


# What each student hands in, and the parts that it must lose.
STUDENTS = {
    "anna": (solved(release(), NOISY), set()),
    "ben": (solved(release(), WRONG.code), set(WRONG.loses)),
    "clara_d": (solved(release(), all_wrong()), set(POINTS)),
    "dan": (unfinished(), {PARTS[-1]}),
    "eva": (tampered(), {*FIRST.loses, PARTS[-1]}),
    "finn": (copied(), set()),
}


def hand_in(archive):
    """Loose files and zips, as they come from a learning platform."""
    archive.mkdir(parents=True)
    text = {student: nbformat.writes(notebook) for student, (notebook, _) in STUDENTS.items()}
    for student in ("anna", "dan", "eva", "finn"):
        (archive / f"{student}_{UNIT}.ipynb").write_text(text[student], "utf-8")
    with zipfile.ZipFile(archive / "ben.zip", "w") as zipped:
        zipped.writestr(f"{UNIT}/{UNIT}.ipynb", text["ben"])
        zipped.writestr(f"__MACOSX/{UNIT}/._{UNIT}.ipynb", "")
    with zipfile.ZipFile(archive / f"clara_d_{UNIT}.zip", "w") as zipped:
        zipped.writestr(f"{UNIT}.ipynb", text["clara_d"])


class Course:
    """A copy of the course, and what its commands said."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **os.environ,
            # nbgrader makes its database with the alembic that it finds on the path.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
        }
        # A kernel that sees this does not watch what C libraries write.
        self.environment.pop("PYTEST_CURRENT_TEST", None)

    def run(self, *command):
        """Run a command in the folder of the course; what it wrote."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def feedback(self, student):
        """The page that a student gets, as HTML."""
        return (self.folder / "feedback" / student / UNIT / f"{UNIT}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The whole way, once."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    ignore = shutil.ignore_patterns("*.ipynb", "__pycache__")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=ignore)
    hand_in(folder / "downloaded" / UNIT / "archive")
    course = Course(folder)
    course.run("rnngrade", "release", UNIT)
    for command in ("generate_assignment", "zip_collect", "autograde", "generate_feedback"):
        course.run("nbgrader", command, UNIT)
    course.run("nbgrader", "export")
    return course


def scores(course, student):
    url = f"sqlite:///{course.folder / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        grades = gradebook.find_submission_notebook(UNIT, UNIT, student).grades
        assert not any(grade.needs_manual_grade for grade in grades)
        return {grade.name.removesuffix("-test"): grade.score for grade in grades}


def test_generate_assignment_gives_the_same_bytes(course):
    path = f"exercises/{UNIT}/{UNIT}.ipynb"
    assert (course.folder / path).read_bytes() == (ROOT / path).read_bytes()
    assert [p.name for p in (course.folder / "exercises" / UNIT).iterdir()] == [f"{UNIT}.ipynb"]


def test_every_submission_is_collected(course):
    assert {p.name for p in (course.folder / "submitted").iterdir()} == set(STUDENTS)


@pytest.mark.parametrize("student", STUDENTS)
def test_points_part_by_part(course, student):
    lost = STUDENTS[student][1]
    want = {part: 0 if part in lost else worth for part, worth in POINTS.items()}
    assert scores(course, student) == want


def test_grades_csv(course):
    with open(course.folder / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(STUDENTS)
    for student, row in rows.items():
        assert row["assignment"] == UNIT
        assert float(row["max_score"]) == sum(POINTS.values()) == 10
        assert float(row["score"]) == sum(scores(course, student).values())


@pytest.mark.parametrize("student", STUDENTS)
def test_feedback_shows_no_hidden_line(course, student):
    text = html.unescape(re.sub(r"<[^>]*>", "", course.feedback(student)))
    assert SECRETS & {line.strip() for line in text.split("\n")} == set()
    assert "rnnlib" not in text
    assert "part.example" in text  # the visible checks are there


def test_hidden_tests_would_be_seen_in_feedback(course):
    """They are in the graded notebook: without our step they would be on the page."""
    graded = course.folder / "autograded" / "ben" / UNIT / f"{UNIT}.ipynb"
    lines = {
        line.strip()
        for cell in nbformat.read(graded, as_version=4).cells
        for line in cell.source.split("\n")
    }
    assert lines >= SECRETS


@pytest.mark.parametrize(
    ("student", "code"), [("ben", WRONG.code), ("clara_d", all_wrong())]
)
def test_feedback_keeps_the_sentence_and_nothing_else_of_the_failure(course, student, code):
    page = html.unescape(course.feedback(student))
    sentences = [said for said in mark(solved(SOURCE, code)).values() if said]
    assert sentences
    for sentence in sentences:
        # Each student has cases of her own: where a mistake shows may differ.
        assert sentence.split(" (only")[0].rstrip(".") in page
    assert "Traceback (most recent call last)" not in page


def test_what_a_function_prints_while_it_is_tested_costs_nothing_and_is_dropped(course):
    """It may be a hidden input."""
    graded = course.folder / "autograded" / "anna" / UNIT / f"{UNIT}.ipynb"
    cells = [c for c in nbformat.read(graded, 4).cells if c.cell_type == "code"]
    assert any("warnings.warn" in cell.source for cell in cells)
    assert not any(cell.outputs for cell in cells)
    assert scores(course, "anna") == POINTS


def test_validate_tells_a_student_what_fails(course):
    untouched = course.run("nbgrader", "validate", f"exercises/{UNIT}/{UNIT}.ipynb")
    assert f"VALIDATION FAILED ON {len(POINTS)} CELL(S)" in untouched
    nbformat.write(solved(release(), NOISY), course.folder / "solved.ipynb")
    assert "Success" in course.run("nbgrader", "validate", "solved.ipynb")


def test_formgrader_opens(course):
    with formgrader(course) as url:
        headers = {"Authorization": f"token {TOKEN}"}
        page = requests.get(f"{url}/formgrader", headers=headers, timeout=30)
        assert page.status_code == 200
        assert page.url == f"{url}/formgrader/manage_assignments"
        listed = requests.get(f"{url}/formgrader/api/assignments", headers=headers, timeout=30)
        assert listed.status_code == 200
        assignments = {assignment["name"]: assignment for assignment in listed.json()}
        assert set(assignments) == {UNIT}
        assert assignments[UNIT]["num_submissions"] == len(STUDENTS)
        assert assignments[UNIT]["max_score"] == sum(POINTS.values())
        # Its button grades in the same two processes.
        graded = course.folder / "autograded" / "ben" / UNIT / f"{UNIT}.ipynb"
        graded.chmod(0o644)
        graded.write_text("")
        button = f"{url}/formgrader/api/submission/{UNIT}/ben/autograde"
        pressed = requests.post(button, headers=headers, timeout=120).json()
        assert pressed["success"], pressed
        cells = {cell.id: cell for cell in nbformat.read(graded, as_version=4).cells}
        said = cells[f"{WRONG.loses[-1]}-test"].outputs[-1]
        (line,) = said.traceback  # the examiner's, no kernel's
        assert line.endswith(said.evalue)
        assert scores(course, "ben")[WRONG.loses[-1]] == 0


@contextlib.contextmanager
def formgrader(course):
    """A Jupyter server in the folder of the course, on the loopback, until the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["jupyter", "server", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    with open(course.folder / "server.log", "w") as log:
        server = subprocess.Popen(
            [*command, f"--port={port}", f"--IdentityProvider.token={TOKEN}"],
            cwd=course.folder,
            env=course.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}/api", course.folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server, url, log):
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.2)
    raise AssertionError(f"The server does not answer: {log.read_text()}")
