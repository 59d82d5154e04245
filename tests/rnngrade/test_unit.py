"""What the grader reads of a unit: its cells in the gradebook, its settings in the source."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnngrade.course.unit import load_unit
from rnngrade.errors import CourseError
from rnngrade.execution.job import Limits, Policy, TestCell


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A gradebook with one unit, and the folder of its source."""
    folder = tmp_path_factory.mktemp("course")
    url = f"sqlite:///{folder}/gradebook.db"
    with Gradebook(url) as gradebook:
        gradebook.add_assignment("unit")
        gradebook.add_notebook("unit", "unit")
        cells = [
            ("imports", "import math", True, False, False),
            ("answer", "def f(x):\n    raise NotImplementedError", False, False, True),
            ("test", "assert f(1) == 2", True, True, False),
            ("essay", "text", False, True, True),
        ]
        for name, source, locked, grade, solution in cells:
            kind = "markdown" if name == "essay" else "code"
            gradebook.add_source_cell(
                name, "unit", "unit", cell_type=kind, source=source, locked=locked, checksum="x"
            )
            if grade:
                gradebook.add_grade_cell(name, "unit", "unit", max_score=1, cell_type=kind)
            if solution:
                gradebook.add_solution_cell(name, "unit", "unit")
    return url, folder / "solutions" / "unit"


def write_source(folder, settings):
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(metadata={"rnngrade": settings} if settings else {})
    nbformat.write(notebook, folder / "unit.ipynb")


def load(course, settings=None):
    url, folder = course
    write_source(folder, settings)
    return load_unit(url, folder, "unit", "unit")


def test_tests_and_locked_cells_are_the_examiners(course):
    unit = load(course)
    assert unit.tests == (
        TestCell("imports", "setup", "import math"),
        TestCell("test", "test", "assert f(1) == 2"),
    )


def test_what_answers_define_is_exported(course):
    assert load(course).exports == {"f"}
    assert load(course, {"exports": ["result"]}).exports == {"f", "result"}


def test_the_policy_is_strict_without_a_word(course):
    unit = load(course)
    assert unit.policy == Policy(allows=(), recurrences=False, cuda=False)
    assert unit.limits == Limits()


def test_settings_come_from_the_front_matter(course):
    settings = {"allows": ["rnnlib.tasks"], "recurrences": True, "cell_seconds": 5}
    unit = load(course, settings)
    assert unit.policy == Policy(allows=("rnnlib.tasks",), recurrences=True)
    assert unit.limits == Limits(cell_seconds=5)


WRONG = {
    "an unknown setting": ({"alows": []}, "unknown setting 'alows'"),
    "a text for a list": ({"allows": "rnnlib"}, "allows must be a list"),
    "a word for a number": ({"cell_seconds": "long"}, "cell_seconds must be a number"),
    "no time": ({"cell_seconds": 0}, "cell_seconds must be a number above 0"),
    "a number for yes": ({"recurrences": 1}, "recurrences must be true or false"),
}


@pytest.mark.parametrize(("settings", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_named(course, settings, sentence):
    with pytest.raises(CourseError, match=f"^unit: {sentence}"):
        load(course, settings)


def test_a_source_that_is_missing_is_named(course, tmp_path):
    with pytest.raises(CourseError, match=r"unit\.ipynb is missing: run `rnngrade release`"):
        load_unit(course[0], tmp_path, "unit", "unit")


def test_a_job_says_all_that_a_worker_needs(course):
    job = load(course).job(b"secret", "anna", "{}", {"a.txt": b"x"}, sandbox=False)
    assert (job.student, job.unit, job.notebook, job.files) == (
        "anna",
        "unit",
        "{}",
        {"a.txt": b"x"},
    )
    assert not job.sandbox
    other = load(course).job(b"secret", "ben", "{}", {})
    assert job.seed != other.seed
    assert other.seed == load(course).job(b"secret", "ben", "", {}).seed
