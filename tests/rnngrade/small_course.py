"""A course of one small unit, with what it takes to grade it."""

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateAssignment

from rnngrade.course.course import load
from rnngrade.course.submission import Submissions
from rnngrade.execution.job import Job, TestCell

UNIT = "sums"
CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.Autograde.exporter_class = "rnngrade.course.reader.RepairingExporter"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "rnngrade.course.restore.Restore",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.CheckCellMetadata",
]
"""
PARTS = {"one": 1, "two": 2}


def make(root):
    """A fresh copy of the course, with its unit in the gradebook."""
    shutil.copytree(_made(), root)
    return root


def temporary_folder():
    """A folder that is there until the tests are over."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return folder


@cache
def _made():
    folder = temporary_folder()
    (folder / "nbgrader_config.py").write_text(CONFIG)
    write_source(folder)
    enter(folder)
    return folder


def write_source(root, hidden="hidden"):
    """The instructor's notebook: two parts with tests, and one that a human marks."""
    cells = [new_code_cell("import torch")]
    for part, points in PARTS.items():
        cells += [
            _cell(part, "### BEGIN SOLUTION\nright\n### END SOLUTION", solution=True),
            _cell(f"{part}-test", f"test({hidden!r})", grade=True, locked=True, points=points),
        ]
    essay = _cell("essay", "Why?", new_markdown_cell, grade=True, solution=True, points=3)
    folder = root / "solutions" / UNIT
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(_notebook([*cells, essay]), folder / f"{UNIT}.ipynb")
    (folder / "data.txt").write_text("1 2 3")


def enter(root):
    """`nbgrader generate_assignment`."""
    course = load(root)
    course.config.GenerateAssignment.force = True
    course.coursedir.assignment_id = UNIT
    GenerateAssignment(coursedir=course.coursedir, config=course.config).start()


def hand_in(root, student, one="right", two="right", essay="Because.", timestamp=""):
    """Put the notebook of a student into submitted/."""
    notebook = nbformat.read(root / "exercises" / UNIT / f"{UNIT}.ipynb", as_version=4)
    answers = {"one": one, "two": two, "essay": essay}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    folder = root / "submitted" / student / UNIT
    folder.mkdir(parents=True, exist_ok=True)
    if timestamp:
        (folder / "timestamp.txt").write_text(timestamp)
    nbformat.write(notebook, folder / f"{UNIT}.ipynb")
    return folder / f"{UNIT}.ipynb"


def jobs(course, unit):
    """How a job of the unit is made; its tests come from the gradebook."""
    with Gradebook(course.db_url) as gradebook:
        cells = gradebook.find_notebook(unit, unit).source_cells
        tests = tuple(TestCell(c.name, "test", c.source) for c in cells if "-test" in c.name)

    def job(submission, notebook, files):
        seed = hashlib.sha256(submission.student.encode()).hexdigest()[:16]
        names, more = frozenset(PARTS), {"language": submission.language}
        return Job(submission.student, unit, notebook, tests, names, seed, files, **more)

    return job


def handed_in(root, student):
    """What a student handed in, as `Submission`."""
    return Submissions(load(root), UNIT).of(student)


def gradebook(db_url):
    """All that the gradebook says of the unit, without what differs from run to run."""
    with Gradebook(db_url) as opened:
        return {
            submission.student.id: {
                "timestamp": submission.timestamp,
                "penalty": submission.late_submission_penalty,
                "grades": {
                    g.name: (g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                    for notebook in submission.notebooks
                    for g in notebook.grades
                },
                "comments": {
                    c.name: (c.auto_comment, c.manual_comment)
                    for notebook in submission.notebooks
                    for c in notebook.comments
                },
            }
            for submission in opened.assignment_submissions(UNIT)
        }


def autograded(root):
    """All that lies in autograded/: name → text."""
    folder = root / "autograded"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def _notebook(cells):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _cell(name, source, new_cell=new_code_cell, **role):
    plain = {"grade": False, "locked": False, "solution": False, "task": False}
    metadata = {**plain, **role, "grade_id": name, "schema_version": 3}
    return new_cell(source, id=name, metadata={"nbgrader": metadata})
