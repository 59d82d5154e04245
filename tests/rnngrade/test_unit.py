"""What the grader reads of a unit: its cells in the gradebook, its settings in the source."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnngrade.course.unit import load_unit
from rnngrade.errors import CourseError
from rnngrade.execution.job import Limits, Policy, TestCell
from rnngrade.messages import message


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
    "an unknown setting": ({"alows": []}, "course.unknown-setting"),
    "a text for a list": ({"allows": "rnnlib"}, "course.setting-list"),
    "a word for a number": ({"cell_seconds": "long"}, "course.setting-number"),
    "no time": ({"cell_seconds": 0}, "course.setting-number"),
    "yes for a number": ({"cell_seconds": True}, "course.setting-number"),
    "a number for yes": ({"recurrences": 1}, "course.setting-yes-or-no"),
    "no language": ({"language": "xx"}, "course.setting-language"),
    "a list for a language": ({"language": ["ru"]}, "course.setting-language"),
}


@pytest.mark.parametrize(("settings", "id"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_named(course, settings, id):
    with pytest.raises(CourseError) as told:
        load(course, settings)
    assert told.value.id == id
    assert told.value.message["unit"] == "unit"
    ((setting, value),) = settings.items()
    named = dict(told.value.message.fields)
    assert setting in (named.get("setting"), "language")
    assert named.get("value") in (None, f"{value}", repr(value))


def test_the_language_of_a_unit(course):
    assert load(course).language is None
    assert load(course, {"language": "ru"}).language == "ru"


def test_a_source_that_is_missing_is_named(course, tmp_path):
    with pytest.raises(CourseError) as told:
        load_unit(course[0], tmp_path, "unit", "unit")
    assert told.value.message == message("course.no-source", file=f"{tmp_path / 'unit.ipynb'}")


def test_a_job_says_all_that_a_worker_needs(course):
    job = load(course).job(
        b"secret", "anna", "{}", {"a.txt": b"x"}, sandbox=False, language="ru"
    )
    assert job.language == "ru"
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
