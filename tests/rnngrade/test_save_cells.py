"""A unit changes when submissions are there: by the commands that an instructor gives."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnngrade.course.course import load
from rnngrade.course.save_cells import check_sources
from rnngrade.errors import CourseError
from rnngrade.messages import message
from tests.exercises.submission import ROOT

PART = """
```{{code-cell}} ipython3
:nbgrader: {{grade_id: {name}, solution: true}}
def {name}():
    ### BEGIN SOLUTION
    return {value}
    ### END SOLUTION
```

```{{code-cell}} ipython3
:nbgrader: {{grade_id: {name}-test, grade: true, points: {points}}}
assert {name}() == {value}
```
"""
ONE, TWO = (PART.format(name=name, value=n, points=n) for n, name in enumerate("ab", 1))


class Course:
    """A course of one unit, and its commands."""

    def __init__(self, root):
        self.root = root
        (root / "solutions" / "tiny").mkdir(parents=True)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        self.write(ONE)

    def write(self, *parts):
        source = self.root / "solutions" / "tiny" / "tiny.md"
        source.write_text("\n".join(["# A unit", *parts]))

    def call(self, module, *arguments):
        path = os.pathsep.join([str(ROOT), str(Path(sys.executable).parent)])
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
        )

    def enter(self):
        """`make grade` up to the grading; the first command that fails."""
        for command in (
            ("rnngrade", "release", "tiny"),
            ("nbgrader", "generate_assignment", "tiny"),
        ):
            done = self.call(*command)
            if done.returncode:
                return done
        return None

    def grade(self):
        done = self.call("rnngrade", "grade", "tiny", "--no-sandbox", "--workers", "1")
        assert "Traceback" not in done.stderr, done.stderr

    def hand_in(self, student, source):
        notebook = nbformat.read(self.release, as_version=4)
        for cell in notebook.cells:
            if cell.id == "a":
                cell.source = source
        place = self.root / "submitted" / student / "tiny"
        place.mkdir(parents=True)
        nbformat.write(notebook, place / "tiny.ipynb")

    @property
    def release(self):
        return self.root / "exercises" / "tiny" / "tiny.ipynb"

    def gradebook(self):
        return Gradebook(load(self.root).db_url)

    def points(self):
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {
                    g.name: g.auto_score for n in submission.notebooks for g in n.grades
                }
                for submission in gradebook.assignment_submissions("tiny")
            }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """One student has solved the unit, and one cares for more than was asked."""
    course = Course(tmp_path_factory.mktemp("course"))
    assert course.enter() is None
    course.hand_in("anna", "def a(): return 1")
    course.hand_in("ben", "def a(): return 0\ndef b(): return 2")
    course.grade()
    return course


def test_a_part_comes_and_goes_with_submissions_there(course):
    assert course.points() == {"anna": {"a-test": 1}, "ben": {"a-test": 0}}
    course.write(ONE, TWO)
    assert course.enter() is None
    assert "b-test" in course.release.read_text()
    assert course.points()["anna"] == {"a-test": 1, "b-test": None}
    course.grade()
    assert course.points() == {
        "anna": {"a-test": 1, "b-test": 0},
        "ben": {"a-test": 0, "b-test": 2},
    }
    with course.gradebook() as gradebook:
        assert gradebook.find_assignment("tiny").max_score == 3
        names = {cell.name for cell in gradebook.find_notebook("tiny", "tiny").source_cells}
        assert names == {"a", "a-test", "b", "b-test"}
        assert len(gradebook.find_submission_notebook("tiny", "tiny", "anna").comments) == 2

    course.write(TWO)
    assert course.enter() is None
    course.grade()
    assert course.points() == {"anna": {"b-test": 0}, "ben": {"b-test": 2}}
    assert_marks_by_hand_are_kept(course)


def assert_marks_by_hand_are_kept(course):
    with course.gradebook() as gradebook:
        gradebook.find_grade("b-test", "tiny", "tiny", "anna").manual_score = 1
        gradebook.db.commit()
    release = course.release.read_bytes()
    course.write(ONE)
    refused = course.enter()
    told = message("course.cell-has-marks", unit="tiny", cell="b-test", n=1)
    assert refused.stderr == f"rnngrade: {told}\n"
    assert course.release.read_bytes() == release
    assert course.points() == {"anna": {"b-test": 0}, "ben": {"b-test": 2}}
    with pytest.raises(CourseError) as error:
        check_sources(load(course.root), ["tiny"])
    assert error.value.message == told


def test_a_comment_by_hand_is_kept_too(tmp_path):
    course = Course(tmp_path)
    assert course.enter() is None
    with course.gradebook() as gradebook:
        gradebook.add_student("anna")
        gradebook.add_submission("tiny", "anna")
        comment = gradebook.find_comment("a", "tiny", "tiny", "anna")
        comment.manual_comment = "Nearly."
        gradebook.db.commit()
    course.write(TWO)
    with pytest.raises(CourseError) as told:
        check_sources(load(course.root), ["tiny"])
    assert (told.value.id, told.value.message["cell"]) == ("course.cell-has-marks", "a")
    course.write(ONE, TWO)
    check_sources(load(course.root), ["tiny", "unknown"])


def test_without_a_gradebook_nothing_is_lost(tmp_path):
    course = Course(tmp_path)
    check_sources(load(course.root), ["tiny"])
    assert not (tmp_path / "gradebook.db").exists()
