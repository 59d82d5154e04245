"""What a grade depends on: one edit of each kind, and who is graded anew."""

import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnngrade.course.course import load
from rnngrade.execution.job import Job, Policy, TestCell
from rnngrade.run import environment, runner
from rnngrade.run.environment import EXECUTES, ROOT, loaded_by, reachable
from tests.rnngrade import quick_execution
from tests.rnngrade.small_class import grade
from tests.rnngrade.small_course import UNIT, hand_in, make

EVERYBODY = ["anna", "ben"]
PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin

class Penalty(LateSubmissionPlugin):
    penalty_method = "zero"
"""


def forget():
    """As a new process would."""
    for known in (environment.environment, environment._loaded_by, environment._read):
        known.cache_clear()


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """A copy of the packages that grade."""
    place = tmp_path_factory.mktemp("code")
    for package in environment.OWN:
        without = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, place / package, ignore=without)
    return place


@pytest.fixture
def course(code, tmp_path, monkeypatch):
    """A course whose unit reads data, graded with these packages."""
    monkeypatch.setattr(environment, "ROOT", code)
    forget()
    root = make(tmp_path / "course")
    for student in EVERYBODY:
        hand_in(root, student)
    monkeypatch.chdir(root)
    set_up_unit(root, allows=["rnnlib.datasets"])
    assert graded_anew(root) == EVERYBODY
    assert graded_anew(root) == []
    yield Course(root, code)
    forget()


class Course:
    def __init__(self, root, code):
        self.root, self.code = root, code

    def edit(self, name, change=lambda text: f"{text}\nTAUGHT_ANEW = 1\n"):
        """Change a file of the copied packages."""
        path = self.code / name
        path.write_text(change(path.read_text("utf-8")), "utf-8")

    def configure(self, line):
        config = self.root / "nbgrader_config.py"
        config.write_text(f"{config.read_text()}\n{line}\n")


def set_up_unit(root, **settings):
    path = root / "solutions" / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["rnngrade"] = settings
    nbformat.write(notebook, path)


def graded_anew(root):
    """Who is executed by a new process."""
    forget()
    executed = []

    def execute(job):
        executed.append(job.student)
        return quick_execution.execute(job)

    grade(root, execute=execute, jobs=runner.jobs_of)
    return executed


# Code


GRADES = [
    "rnngrade/checks/verdict.py",
    "rnngrade/execution/wire.py",
    "rnngrade/execution/student.py",  # by its name alone, in a string
    "rnngrade/execution/pictures.py",
    "rnngrade/misconceptions/losses.py",  # preloaded
    "rnngrade/isolation/confine.py",
    "rnngrade/course/reader.py",
    "rnngrade/course/restore.py",  # a step that nbgrader_config.py names
    "rnnlib/steps.py",
    "rnnlib/datasets/stocks.py",  # the unit allows it
]
GRADES_NOBODY = [
    "rnngrade/__main__.py",
    "rnngrade/course/feedback.py",
    "rnngrade/course/collect.py",
    "rnngrade/exercise/release.py",
    "rnngrade/isolation/doctor.py",
    "rnngrade/reports/export.py",
    "rnngrade/run/summary.py",
    "rnngrade/run/progress.py",
    "rnnlib/plotting.py",
    "rnnlib/layers.py",
]


def test_modules_that_grade(course):
    for module in GRADES:
        course.edit(module)
        assert graded_anew(course.root) == EVERYBODY, module


def test_modules_that_only_report(course):
    for module in GRADES_NOBODY:
        course.edit(module)
    assert graded_anew(course.root) == []


def test_what_code_says_about_itself(course):
    course.edit("rnngrade/checks/verdict.py", lambda text: f"# A comment.\n{text}")
    course.edit("rnnlib/steps.py", lambda text: text.replace('"""', '"""Again: ', 1))
    assert graded_anew(course.root) == []


def test_words(course):
    for path in sorted(course.code.glob("rnngrade/locale/*/LC_MESSAGES/*.po")):
        path.write_text(f"{path.read_text('utf-8')}\n# A translator's remark.\n", "utf-8")
    assert graded_anew(course.root) == []
    course.configure("c.RnnGrade.language = 'ru'")
    assert graded_anew(course.root) == []


# Data


def test_a_data_file_that_the_unit_may_read(course):
    path = course.code / "rnnlib" / "datasets" / "files" / "new.csv"
    path.write_text("1")
    assert graded_anew(course.root) == EVERYBODY
    set_up_unit(course.root)  # it may not any more, which is a change in itself
    assert graded_anew(course.root) == EVERYBODY
    path.write_text("2")
    assert graded_anew(course.root) == []


def test_a_file_of_the_unit(course):
    (course.root / "solutions" / UNIT / "data.txt").write_text("4 5 6")
    assert graded_anew(course.root) == EVERYBODY


# Versions


@pytest.mark.parametrize(("package", "again"), [("torch", EVERYBODY), ("tqdm", [])])
def test_versions(course, monkeypatch, package, again):
    real = environment.metadata.version
    other = {package: "0.0.1"}
    monkeypatch.setattr(environment.metadata, "version", lambda n: other.get(n) or real(n))
    assert graded_anew(course.root) == again


# Settings


def test_settings_of_the_unit(course):
    set_up_unit(course.root, allows=["rnnlib.datasets"], cell_seconds=9)
    assert graded_anew(course.root) == EVERYBODY
    set_up_unit(course.root, allows=["rnnlib.datasets"], cell_seconds=9, language="ru")
    assert graded_anew(course.root) == []


def test_settings_that_may_change_a_score(course):
    (course.root / "penalty.py").write_text(PENALTY)
    for line in (
        "c.LimitOutput.max_lines = 3",
        "c.ClearSolutions.code_stub = {'python': 'pass'}",
        "c.Execute.timeout = 7",
        f"c.Autograde.exclude_overwriting = {{{UNIT!r}: ['data.txt']}}",
        "c.Autograde.sanitize_preprocessors.pop(0)",
        "c.LateSubmissionPlugin.penalty_method = 'zero'",
        "c.AssignLatePenalties.plugin_class = 'penalty.Penalty'",
    ):
        course.configure(line)
        assert graded_anew(course.root) == EVERYBODY, line
    (course.root / "penalty.py").write_text(PENALTY.replace("zero", "none"))
    assert graded_anew(course.root) == EVERYBODY
    assert graded_anew(course.root) == []


def test_settings_that_change_no_score(course):
    course.configure("c.Application.log_level = 'DEBUG'")
    course.configure("c.Autograde.permissions = 644")
    course.configure("c.GenerateFeedback.force = True")
    course.configure("c.LimitOutput.max_lines = 1000")  # what it is without a word
    assert graded_anew(course.root) == []


# Dates


def test_a_date_grades_those_again_who_are_later_or_less_late_by_it(course):
    for student, hour in (("early", 8), ("late", 11)):
        hand_in(course.root, student, timestamp=f"2026-11-01 {hour:02}:00:00 UTC")
    assert graded_anew(course.root) == ["early", "late"]
    with Gradebook(load(course.root).db_url) as gradebook:
        gradebook.update_or_create_assignment(UNIT, duedate="2026-11-01 12:00:00 UTC")
    assert graded_anew(course.root) == []  # all are in time, as before
    with Gradebook(load(course.root).db_url) as gradebook:
        gradebook.update_or_create_assignment(UNIT, duedate="2026-11-01 10:00:00 UTC")
    assert graded_anew(course.root) == ["late"]
    with Gradebook(load(course.root).db_url) as gradebook:
        gradebook.grant_extension(UNIT, "late", hours=1)
    assert graded_anew(course.root) == ["late"]
    hand_in(course.root, "late", timestamp="2026-11-01 11:30:00 UTC")
    assert graded_anew(course.root) == ["late"]
    assert graded_anew(course.root) == []


# How it is found


def job(*sources, allows=()):
    tests = tuple(TestCell(f"{n}", "test", source) for n, source in enumerate(sources))
    return Job("anna", UNIT, "{}", tests, frozenset(), "f00", policy=Policy(allows=allows))


def test_what_can_be_reached():
    found = reachable([EXECUTES])
    assert {"rnngrade", "rnngrade.execution", "rnngrade.execution.examiner"} <= found.keys()
    assert {"rnngrade.misconceptions.search", "rnnlib.steps"} <= found.keys()
    assert not {name for name in found if name.startswith(("rnngrade.reports", "rnngrade.run"))}
    assert "rnnlib.datasets" not in found


@pytest.mark.parametrize(
    "source",
    [
        "import rnnlib.layers",
        "def f():\n    from rnnlib import layers",
        "%time\nfrom rnnlib.layers import LSTM",
    ],
)
def test_what_a_test_imports_counts(source):
    assert "rnnlib.layers" in reachable(loaded_by(job(source)))
    assert "rnnlib.layers" not in reachable(loaded_by(job("x = 1")))


def test_all_in_a_package_that_the_unit_allows_counts():
    found = reachable(loaded_by(job(allows=("rnnlib.models",))))
    files = {path.stem for path in (ROOT / "rnnlib" / "models").glob("*.py")} - {"__init__"}
    assert {name.rpartition(".")[2] for name in found if "rnnlib.models." in name} == files


def test_the_version_of_what_a_test_imports_counts():
    known = environment.environment(loaded_by(job("import sklearn.metrics")))
    assert "scikit-learn" in known
    assert "scikit-learn" not in environment.environment(loaded_by(job("import math")))
