"""nbgrader's Autograde in two halves does what nbgrader does in one."""

import json

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, SaveAutoGrades

from rnngrade.course import repair
from rnngrade.course.course import load
from rnngrade.errors import CourseError
from rnngrade.run.batch import Batch, Mark
from tests.rnngrade.quick_execution import execute
from tests.rnngrade.small_course import UNIT, autograded, gradebook, hand_in, jobs, make

ANSWERS = {
    "anna": {"timestamp": "2026-11-01 10:00:00 UTC"},
    "ben": {"one": "wrong", "two": "half"},
    "clara": {"one": "wrong", "essay": "YOUR ANSWER HERE"},  # untouched
}


class ExecuteApart(NbGraderPreprocessor):
    """nbgrader's step that executes, replaced by ours."""

    def preprocess(self, nb, resources):
        job = jobs(self.course, UNIT)(resources["nbgrader"]["student"], nbformat.writes(nb), {})
        return nbformat.reads(execute(job).notebook, as_version=4), resources


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = make(tmp_path / "course")
    monkeypatch.chdir(root)
    for student, answers in ANSWERS.items():
        hand_in(root, student, **answers)
    return root


def batch(root):
    work = root / ".rnngrade" / "work"
    work.mkdir(parents=True, exist_ok=True)
    return Batch(load(root), UNIT, work / "new", work / "log")


def through(root, students=ANSWERS):
    """Sanitise, execute and save; the batch."""
    halves, make_job = batch(root), jobs(load(root), UNIT)
    for student in students:
        notebook, _ = repair.read(halves.submitted(student))
        text, _ = halves.sanitise(student, notebook)
        halves.save(student, execute(make_job(student, text, {})).notebook)
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
        saved = {part: mark.auto for part, mark in halves.marks()[student].items()}
        assert halves.points(text) == saved


def test_marks_are_those_of_the_gradebook(root):
    halves = through(root)
    with Gradebook(load(root).db_url) as opened:
        grade = opened.find_grade("one-test", UNIT, UNIT, "ben")
        grade.manual_score, grade.extra_credit = 0.75, 0.125
        opened.db.commit()
    assert halves.marks("ben") == {
        "ben": {
            "one-test": Mark(auto=0.0, manual=0.75, score=0.875, waits=False),
            "two-test": Mark(auto=0.5, manual=None, score=0.5, waits=False),
            "essay": Mark(auto=None, manual=None, score=0.0, waits=True),
        }
    }
    assert halves.marks().keys() == ANSWERS.keys()
    assert halves.marks("nobody") == {}


def test_marks_are_those_of_this_unit(root):
    halves = through(root, ["anna"])
    before = halves.marks()
    with Gradebook(load(root).db_url) as opened:
        opened.add_assignment("other")
        opened.add_notebook("other", "other")
        opened.add_grade_cell("other-test", "other", "other", max_score=1, cell_type="code")
        opened.add_submission("other", "anna")
    assert halves.marks() == before


def test_sanitising_writes_nothing(root):
    before = gradebook(load(root).db_url)
    halves = batch(root)
    notebook, _ = repair.read(halves.submitted("anna"))
    text, _ = halves.sanitise("anna", notebook)
    assert json.loads(text)["cells"]
    assert gradebook(load(root).db_url) == before == {}
    assert not (root / "autograded").exists()


def test_what_was_repaired_is_told(root):
    path = hand_in(root, "dan")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "two-test"]
    halves = batch(root)
    _, repairs = halves.sanitise("dan", notebook, ["The file was UTF-16."])
    assert repairs[0] == "The file was UTF-16."
    assert "two-test" in repairs[1]
    assert "put back" in repairs[1]


def test_the_steps_before_the_execution_come_before_it(root):
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + "c.Autograde.autograde_preprocessors = ["
        "'nbconvert.preprocessors.ClearMetadataPreprocessor', "
        "'nbgrader.preprocessors.Execute', 'nbgrader.preprocessors.SaveAutoGrades']\n"
        "c.ClearMetadataPreprocessor.enabled = True\n"
        "c.ClearMetadataPreprocessor.preserve_cell_metadata_mask = ['nbgrader']\n"
    )
    halves = batch(root)
    notebook, _ = repair.read(halves.submitted("anna"))
    notebook.metadata["title"] = "mine"
    assert "title" not in json.loads(halves.sanitise("anna", notebook)[0])["metadata"]


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


def test_files_are_the_students_under_those_of_the_unit(root):
    folder = root / "submitted" / "ben" / UNIT
    (folder / "data.txt").write_text("forged")
    (folder / "mine").mkdir()
    (folder / "mine" / "helper.py").write_text("x = 1")
    halves = batch(root)
    files = {name: path.read_text() for name, path in halves.files("ben").items()}
    assert files == {"data.txt": "1 2 3", "mine/helper.py": "x = 1"}
    assert halves.handed_in("ben").keys() == {"data.txt", "mine/helper.py", f"{UNIT}.ipynb"}
    config = root / "nbgrader_config.py"
    config.write_text(
        config.read_text() + f"c.Autograde.exclude_overwriting = {{{UNIT!r}: ['data.txt']}}\n"
    )
    assert batch(root).files("ben")["data.txt"].read_text() == "forged"


def test_students_are_those_who_handed_in(root):
    (root / "submitted" / "zoe" / "other").mkdir(parents=True)
    assert batch(root).students() == ["anna", "ben", "clara"]
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.CourseDirectory.student_id_exclude = 'ben'\n")
    assert batch(root).students() == ["anna", "clara"]


def test_a_human_is_asked_and_no_grade_is_touched(root):
    halves = through(root, ["ben"])
    for student in ("anna", "ben"):
        halves.ask_a_human(student)
    marks = halves.marks()
    assert {p: m.auto for p, m in marks["ben"].items()} == {
        "one-test": 0,
        "two-test": 0.5,
        "essay": None,
    }
    assert {m.auto for m in marks["anna"].values()} == {None}
    assert all(mark.waits for parts in marks.values() for mark in parts.values())


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
    url = load(root).db_url
    with Gradebook(url) as one, Gradebook(url) as two:
        assert one.engine is two.engine
    assert one.engine.pool.checkedout() == 0


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["nbgrader.preprocessors.SaveAutoGrades"], "got 0 steps that execute"),
        (["nbgrader.preprocessors.Execute"] * 2, "got 2 steps that execute"),
        (["nbgrader.preprocessors.Nothing"], "names a step that is not there"),
    ],
)
def test_a_configuration_that_cannot_work_is_told_at_once(root, steps, said):
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Autograde.autograde_preprocessors = {steps!r}\n")
    with pytest.raises(CourseError, match=said):
        batch(root)


def test_a_unit_that_the_gradebook_does_not_know(root):
    with pytest.raises(CourseError, match="run nbgrader generate_assignment other"):
        Batch(load(root), "other", root / "work", root / "log")
    (root / "gradebook.db").unlink()
    with pytest.raises(CourseError, match="run nbgrader generate_assignment"):
        batch(root)
    assert not (root / "gradebook.db").exists()
