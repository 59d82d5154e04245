"""nbgrader's Autograde in two halves does what nbgrader does in one."""

import json

import nbformat
import pytest
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades

from rnngrade.course import reader
from rnngrade.course.course import load
from rnngrade.errors import CourseError
from rnngrade.messages import message
from rnngrade.run.converter import Converter
from rnngrade.run.engine import SharedEngine
from tests.rnngrade.quick_execution import execute
from tests.rnngrade.small_course import (
    UNIT,
    autograded,
    gradebook,
    hand_in,
    handed_in,
    jobs,
    make,
)

ANSWERS = {
    "anna": {"timestamp": "2026-11-01 10:00:00 UTC"},
    "ben": {"one": "wrong", "two": "half"},
    "clara": {"one": "wrong", "essay": "YOUR ANSWER HERE"},  # untouched
}


class ExecuteApart(NbGraderPreprocessor):
    """nbgrader's step that executes, replaced by ours."""

    def preprocess(self, nb, resources):
        nb.metadata.rnngrade["language"] = "en"
        submission = handed_in(self.course.root, resources["nbgrader"]["student"])
        job = jobs(self.course, UNIT)(submission, nbformat.writes(nb), {})
        return nbformat.reads(execute(job).notebook, as_version=4), resources


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = make(tmp_path / "course")
    monkeypatch.chdir(root)
    for student, answers in ANSWERS.items():
        hand_in(root, student, **answers)
    return root


def converter(root):
    work = root / ".rnngrade" / "work"
    work.mkdir(parents=True, exist_ok=True)
    return Converter(load(root), UNIT, work / "new", work / "log")


def sanitised(root, student, *repairs):
    """The notebook of a student as it is to be executed, and what was repaired."""
    submission = handed_in(root, student)
    notebook, _ = reader.read(submission.notebook)
    return converter(root).sanitise(submission, notebook, repairs)


def through(root, students=ANSWERS):
    """Sanitise, execute and save; the converter."""
    halves, make_job = converter(root), jobs(load(root), UNIT)
    with SharedEngine() as engine:
        for student in students:
            submission = handed_in(root, student)
            notebook, _ = reader.read(submission.notebook)
            text, _ = halves.sanitise(submission, notebook)
            executed = execute(make_job(submission, text, {})).notebook
            halves.save(submission, executed, engine)
    return halves


def stock(root, monkeypatch):
    """nbgrader's own Autograde."""
    course = load(root)
    monkeypatch.setattr(ExecuteApart, "course", course, raising=False)
    steps = Autograde(coursedir=course.coursedir).autograde_preprocessors
    config = course.config
    config.Autograde.autograde_preprocessors = [
        ExecuteApart if step is Execute else step for step in steps
    ]
    course.coursedir.assignment_id = UNIT
    Autograde(coursedir=course.coursedir, config=config, force=True).start()


def test_both_halves_are_nbgraders_one(root, tmp_path, monkeypatch):
    """The test that sees it when a new nbgrader works another way inside."""
    other = make(tmp_path / "other")
    for student, answers in ANSWERS.items():
        hand_in(other, student, **answers)
    through(root)
    stock(other, monkeypatch)
    ours, theirs = (gradebook(load(r).db_url) for r in (root, other))
    assert ours == theirs
    assert ours["ben"]["grades"]["two-test"] == (0.5, None, None, False)
    assert ours["clara"]["comments"]["essay"] == ("No response.", None)
    assert autograded(root) == autograded(other)
    modes = [
        {p.name: p.stat().st_mode for p in r.rglob("autograded/**/*")} for r in (root, other)
    ]
    assert modes[0] == modes[1]
    assert modes[0]["data.txt"] & 0o777 == 0o444


def test_points_are_what_is_saved(root):
    halves = through(root)
    for student in ANSWERS:
        text = (root / "autograded" / student / UNIT / f"{UNIT}.ipynb").read_text()
        grades = gradebook(load(root).db_url)[student]["grades"]
        assert halves.points(text) == {part: grade[0] for part, grade in grades.items()}


def test_sanitising_writes_nothing(root):
    before = gradebook(load(root).db_url)
    text, _ = sanitised(root, "anna")
    assert json.loads(text)["cells"]
    assert gradebook(load(root).db_url) == before == {}
    assert not (root / "autograded").exists()


def test_what_was_repaired_is_told(root):
    path = hand_in(root, "dan")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "two-test"]
    nbformat.write(notebook, path)
    before = message("course.encoding", encoding="UTF-16")
    text, repairs = sanitised(root, "dan", before)
    assert repairs == [before, message("course.put-back", cells=["two-test"])]
    told = json.loads(text)["metadata"]["rnngrade"]["repairs"]
    assert told == [repair.plain() for repair in repairs]


def test_the_steps_before_the_execution_come_before_it(root):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "c.Autograde.autograde_preprocessors = ["
        "'nbconvert.preprocessors.ClearMetadataPreprocessor', "
        "'nbgrader.preprocessors.Execute', 'nbgrader.preprocessors.SaveAutoGrades']\n"
        "c.ClearMetadataPreprocessor.enabled = True\n"
        "c.ClearMetadataPreprocessor.preserve_cell_metadata_mask = ['nbgrader']\n"
    )
    submission = handed_in(root, "anna")
    notebook, _ = reader.read(submission.notebook)
    notebook.metadata["title"] = "mine"
    text, _ = converter(root).sanitise(submission, notebook)
    assert "title" not in json.loads(text)["metadata"]


def test_saving_again_replaces_and_takes_away_what_is_left_over(root):
    through(root)
    place = root / "autograded" / "anna" / UNIT
    before = autograded(root)
    (place / "old").mkdir()
    (place / "old" / "plot.png").write_text("left over")
    (place / "data.txt").chmod(0o644)
    (place / "data.txt").write_text("changed")
    through(root, ["anna"])
    assert autograded(root) == before


def test_the_gradebook_gets_all_points_or_none(root, monkeypatch):
    url, add = load(root).db_url, SaveAutoGrades._add_score

    def add_some(self, cell, resources):
        if cell.metadata.nbgrader.grade_id == "two-test":
            raise RuntimeError("the machine is gone")
        add(self, cell, resources)

    through(root, ["ben"])
    before = gradebook(url)
    with monkeypatch.context() as patch:
        patch.setattr(SaveAutoGrades, "_add_score", add_some)
        with pytest.raises(RuntimeError, match="gone"):
            through(root, ["anna"])
    assert gradebook(url) == before
    through(root, ["anna"])
    assert gradebook(url).keys() == before.keys() | {"anna"}


def test_hooks_run_once_for_each_submission(root):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "def note(when, student, notebooks, **more):\n"
        "    open('hooks', 'a').write(f'{when} {student} {len(notebooks)}\\n')\n"
        "from functools import partial\n"
        "c.BaseConverter.pre_convert_hook = partial(note, 'before')\n"
        "c.BaseConverter.post_convert_hook = partial(note, 'after')\n"
    )
    through(root, ["anna", "ben"])
    lines = (root / "hooks").read_text().splitlines()
    assert lines == ["before anna 1", "after anna 1", "before ben 1", "after ben 1"]


def test_one_engine_for_all_steps(root):
    """nbgrader still makes its engine where we keep one; closing it closes its connections."""
    url, made = load(root).db_url, api.create_engine
    with SharedEngine():
        with Gradebook(url) as one, Gradebook(url) as two:
            assert one.engine is two.engine
        assert one.engine.pool.checkedout() == 0
    with Gradebook(url) as one, Gradebook(url) as two:
        assert one.engine is not two.engine
    assert api.create_engine is made


@pytest.mark.parametrize(
    ("steps", "id", "count"),
    [
        (["nbgrader.preprocessors.SaveAutoGrades"], "run.steps-that-execute", 0),
        (["nbgrader.preprocessors.Execute"] * 2, "run.steps-that-execute", 2),
        (["nbgrader.preprocessors.Nothing"], "run.no-such-step", None),
    ],
)
def test_a_configuration_that_cannot_work_is_told_at_once(root, steps, id, count):
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Autograde.autograde_preprocessors = {steps!r}\n")
    with pytest.raises(CourseError) as told:
        converter(root)
    assert told.value.id == id
    assert count is None or told.value.message["n"] == count


@pytest.mark.parametrize(
    "step", ["rnngrade.course.execute_step.ExecuteApart", "tests.rnngrade.own_step.OwnExecute"]
)
def test_a_step_executes_by_what_it_is_and_not_by_its_name(root, step):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + f"c.Autograde.autograde_preprocessors = [{step!r}]\n"
    )
    assert converter(root).settings()["steps"]
