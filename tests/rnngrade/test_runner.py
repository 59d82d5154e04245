"""Many submissions: in any order, again and again, the same gradebook."""

import fcntl
import os
import shutil
from dataclasses import replace

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from rnngrade.course import submission
from rnngrade.course.course import load
from rnngrade.errors import CourseError
from rnngrade.execution.job import Limits
from rnngrade.messages import message
from rnngrade.run import converter, runner, workers
from tests.rnngrade import quick_execution, small_course
from tests.rnngrade.small_class import CLASS, a_record, grade, graded, handed_in, now
from tests.rnngrade.small_course import UNIT, hand_in, jobs, make

MANY = int(os.environ.get("RNNGRADE_SUBMISSIONS", "30"))
ESSAY = (message("run.mark-missing", n=1, parts=["essay"]),)
BEN = {"one-test": (0.0, None, None, False), "two-test": (0.5, None, None, False)}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course in which four have handed in."""
    place = handed_in(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


@pytest.fixture(name="graded")
def graded_root(tmp_path, monkeypatch):
    """A course in which they are graded."""
    place = graded(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


class Executions(list):
    """The quick execution, which remembers whom it executed."""

    def __call__(self, job):
        self.append(job.student)
        return quick_execution.execute(job)


# Grading


def test_a_class_is_graded(root):
    summary = grade(root)
    assert (summary.graded, summary.up_to_date, summary.lacking) == (4, 0, 0)
    assert list(summary.remarks) == ["dan"]
    assert summary.waiting == dict.fromkeys(["anna", "ben", "dan"], ESSAY)
    grades, notebooks = now(root)
    assert grades.keys() == CLASS.keys()
    assert grades["ben"]["grades"] == {**BEN, "essay": (None, None, None, True)}
    assert f"ben/{UNIT}/{UNIT}.ipynb" in notebooks
    assert "wrong is wrong." in notebooks[f"ben/{UNIT}/{UNIT}.ipynb"]
    assert not (root / ".rnngrade" / "work" / UNIT).exists()


def test_the_end_tells_of_a_process_that_ended(root):
    ended = message("run.ended", why="it took longer than 300 s in all")
    assert grade(root).remarks == {"dan": (ended,)}


def test_every_order_gives_the_same_gradebook(graded, tmp_path):
    other = make(tmp_path / "other")
    students = ["dan", "anna", "clara", "ben"]
    for student in students:
        hand_in(other, student, **CLASS[student])
    assert grade(other, *students).graded == 4
    assert now(other) == now(graded)


def test_only_who_is_named(root):
    assert grade(root, "dan", "ben").graded == 2
    assert now(root)[0].keys() == {"ben", "dan"}


def test_without_a_gradebook(root):
    (root / "gradebook.db").unlink()
    with pytest.raises(CourseError) as told:
        grade(root, jobs=runner.jobs_of)
    assert told.value.id == "course.no-gradebook"
    assert not (root / "gradebook.db").exists()


def test_a_unit_is_no_path(graded):
    with pytest.raises(CourseError) as told:
        runner.grade(load(graded), "../../submitted", execute=None, pool=None)
    assert told.value.id == "course.unknown-unit"
    assert (graded / "submitted" / "anna").exists()


def test_jobs_come_from_the_unit_and_the_secret(root, monkeypatch):
    monkeypatch.setenv("RNNGRADE_SECRET", "a secret of this course")
    make_job = runner.jobs_of(load(root), UNIT, sandbox=False)
    anna, ben = (small_course.handed_in(root, student) for student in ("anna", "ben"))
    job = make_job(anna, "{}", {"data.txt": b"1"})
    assert (job.student, job.unit, job.sandbox) == ("anna", UNIT, False)
    assert [test.name for test in job.tests] == ["one-test", "two-test"]
    assert job.seed != make_job(ben, "{}", {}).seed


def test_each_is_executed_in_the_language_of_the_submission(root):
    path = root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["rnngrade"] = {"language": "ru"}
    nbformat.write(notebook, path)
    spoken = {}

    def listens(job):
        spoken[job.student] = job.language
        return quick_execution.execute(job)

    grade(root, execute=listens, jobs=runner.jobs_of)
    assert spoken == {"anna": "en", "ben": "ru", "clara": "en", "dan": "en"}
    for student, language in spoken.items():
        made = root / "autograded" / student / UNIT / f"{UNIT}.ipynb"
        assert nbformat.read(made, as_version=4).metadata.rnngrade.language == language


def test_who_has_not_handed_in(root):
    with pytest.raises(CourseError) as told:
        grade(root, "anna", "zoe")
    assert told.value.message == message("run.not-handed-in", student="zoe", unit=UNIT)
    assert now(root) == ({}, {})


# Grading again


def test_what_is_up_to_date_is_left_alone(graded):
    before, executed = now(graded), Executions()
    summary = grade(graded, execute=executed)
    assert (executed, summary.graded, summary.up_to_date) == ([], 0, 4)
    assert now(graded) == before


def test_grading_again_changes_nothing(graded):
    before, executed = now(graded), Executions()
    summary = grade(graded, execute=executed, again=True)
    assert executed == sorted(CLASS)
    assert summary.changed == {}
    assert now(graded) == before


def change_submission(root):
    hand_in(root, "ben", one="right", two="half")
    return ["ben"]


def change_tests(root):
    small_course.write_source(root, hidden="wrong")  # what was wrong is right now
    small_course.enter(root)
    return sorted(CLASS)


def change_data(root):
    (root / "solutions" / UNIT / "data.txt").write_text("4 5 6")
    return sorted(CLASS)


def add_file(root):
    (root / "submitted" / "anna" / UNIT / "helper.py").write_text("x = 1")
    return ["anna"]


@pytest.mark.parametrize("change", [change_submission, change_tests, change_data, add_file])
def test_only_what_changed_is_executed(graded, change):
    affected, executed = change(graded), Executions()
    assert grade(graded, execute=executed).up_to_date == 4 - len(affected)
    assert executed == affected
    assert grade(graded, execute=executed).up_to_date == 4


@pytest.mark.parametrize("what", ["environment", "seed", "limits"])
def test_another_environment_seed_or_limit_is_a_change(graded, monkeypatch, what):
    executed, more = Executions(), {}
    if what == "environment":
        monkeypatch.setattr(runner, "environment", lambda *_: {"torch": "3.0"})
        monkeypatch.setattr(workers, "environment", lambda *_: {"torch": "3.0"})
    else:
        more = {"seed": "f00"} if what == "seed" else {"limits": Limits(cell_seconds=9)}

    def other_jobs(course, unit):
        make_job = jobs(course, unit)
        return lambda *arguments: replace(make_job(*arguments), **more)

    grade(graded, execute=executed, jobs=other_jobs)
    assert executed == sorted(CLASS)


def test_scores_before_and_after_are_told(graded):
    hand_in(graded, "new")
    change_tests(graded)
    summary = grade(graded)
    assert {s: str(change) for s, change in summary.changed.items()} == {
        "ben": "0.5 → 1.5 (one-test 0 → 1)",
    }
    assert "  ben: 0.5 → 1.5 (one-test 0 → 1)" in summary.lines()


def test_manual_marks_stay(graded):
    with Gradebook(load(graded).db_url) as opened:
        for part, score in (("one-test", 0.25), ("essay", 2)):
            found = opened.find_grade(part, UNIT, UNIT, "ben")
            found.manual_score, found.extra_credit = score, 0.5
            found.needs_manual_grade = False
        opened.find_comment("one", UNIT, UNIT, "ben").manual_comment = "Nearly."
        opened.db.commit()
    before = now(graded)[0]["ben"]
    assert grade(graded).up_to_date == 4
    assert now(graded)[0]["ben"] == before
    change_submission(graded)
    summary = grade(graded)
    after = now(graded)[0]["ben"]
    # As nbgrader does: the mark of a human counts, and the part waits for another look.
    assert after["grades"]["one-test"] == (1.0, 0.25, 0.5, True)
    assert after["grades"]["essay"] == (None, 2, 0.5, True)
    assert after["comments"]["one"] == (None, "Nearly.")
    assert summary.changed == {}
    why = message("run.overrules", part="one", mark="0.25", before="0", now="1")
    assert summary.remarks == {"ben": (why,)}
    assert a_record(graded, "ben")["reasons"] == [why.plain()]


def test_a_written_answer_that_was_marked_waits_no_more_when_a_test_has_changed(graded):
    """With a class of two hundred, one changed test would ask for two hundred looks."""
    with Gradebook(load(graded).db_url) as opened:
        for part, score in (("one-test", 0.25), ("essay", 2)):
            found = opened.find_grade(part, UNIT, UNIT, "ben")
            found.manual_score, found.needs_manual_grade = score, False
        opened.db.commit()
    small_course.write_source(graded, hidden="another")
    small_course.enter(graded)
    assert grade(graded).graded == 4
    after = now(graded)[0]["ben"]["grades"]
    assert after["essay"] == (None, 2, None, False)
    assert after["one-test"] == (0.0, 0.25, None, False)


@pytest.mark.parametrize("lost", ["gradebook", "one grade", "notebook"])
def test_what_was_lost_is_graded_again(graded, tmp_path, lost):
    before, executed = now(graded), Executions()
    if lost == "gradebook":
        shutil.copy(handed_in(tmp_path / "empty") / "gradebook.db", graded)
    elif lost == "notebook":
        shutil.rmtree(graded / "autograded" / "ben")
    else:
        with Gradebook(load(graded).db_url) as opened:
            opened.find_grade("one-test", UNIT, UNIT, "ben").auto_score = 1
            opened.db.commit()
    grade(graded, execute=executed)
    assert executed == (sorted(CLASS) if lost == "gradebook" else ["ben"])
    assert now(graded) == before


def test_the_memory_stays_flat(root):
    for number in range(MANY):
        hand_in(root, f"s{number:03}", essay="Because. " * 50_000)
    sizes = []

    def weighs(job):
        sizes.append(psutil.Process().memory_info().rss)
        return quick_execution.execute(job)

    assert grade(root, execute=weighs).graded == MANY + 4
    assert sizes[-1] - sizes[MANY // 10 + 2] < 5 << 20


# Submissions without an outcome


def broken(root, student, text="{"):
    path = root / "submitted" / student / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def no_notebook(root, student):
    broken(root, student)
    path = root / "submitted" / student / UNIT / f"{UNIT}.ipynb"
    path.rename(path.with_name("other.ipynb"))


def a_link(root, student):
    path = hand_in(root, student)
    (path.parent / "data.csv").symlink_to(root / "gradebook.db")


def a_pipe(root, student):
    os.mkfifo(hand_in(root, student).parent / "data.csv")


def no_time(root, student):
    hand_in(root, student, timestamp="yesterday, I swear")


def too_large(root, student):
    path = hand_in(root, student)
    with open(path.parent / "data.csv", "wb") as file:
        file.truncate(65 << 20)


UNREADABLE = {
    broken: "course.breaks-off",
    no_notebook: "course.cannot-open",
    a_link: "course.not-a-file",
    a_pipe: "course.not-a-file",
    no_time: "course.no-time",
    too_large: "run.too-large",
}


@pytest.mark.parametrize("breaks", UNREADABLE)
def test_an_unreadable_submission_is_named_and_gets_no_zero(root, breaks):
    breaks(root, "gus")
    summary = grade(root)
    assert (summary.graded, summary.lacking) == (4, 1)
    assert [reason.id for reason in summary.waiting["gus"]] == [UNREADABLE[breaks]]
    grades = now(root)[0]["gus"]["grades"]
    assert set(grades.values()) == {(None, None, None, True)}
    assert not (root / "autograded" / "gus").exists()
    assert a_record(root, "gus")["status"] == "unreadable"
    reasons = [reason.plain() for reason in summary.waiting["gus"]]
    assert a_record(root, "gus")["reasons"] == reasons


def test_the_files_of_the_unit_do_not_count_as_a_students(root):
    def no_room(course, unit):
        make_job = jobs(course, unit)
        return lambda *arguments: replace(make_job(*arguments), limits=Limits(disk_mb=0))

    assert grade(root, jobs=no_room).graded == 4


@pytest.mark.parametrize("name", ["two\nlines", "x" * 200, os.fsdecode(b"\xff")])
def test_a_folder_that_is_no_students(root, name):
    hand_in(root, name)
    summary = grade(root)
    assert (summary.graded, summary.lacking) == (4, 1)
    (shown,) = summary.waiting.keys() - CLASS.keys()
    assert summary.waiting[shown] == (message("course.no-name"),)
    assert shown == ascii(name)
    assert "\n".join(summary.lines()).isascii()
    assert now(root)[0].keys() == CLASS.keys()


def test_a_student_whom_the_gradebook_does_not_take(root):
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Autograde.create_student = False\n")
    with load(root).gradebook() as opened:
        opened.add_student("ben")
    broken(root, "gus")
    summary = grade(root)
    assert summary.graded == 1
    assert [r.id for r in summary.waiting["anna"]] == ["run.not-saved", "run.not-entered"]
    refused = message("run.not-entered", why="No such student: gus")
    assert summary.waiting["gus"] == (message("course.breaks-off"), refused)
    assert now(root)[0].keys() == {"ben"}


def test_files_that_we_may_not_read(root, monkeypatch):
    plain = submission.digest_of_files

    def digest_of_files(files):
        if any("/ben/" in str(path) for path in files.values()):
            raise PermissionError(13, "Permission denied")
        return plain(files)

    monkeypatch.setattr(submission, "digest_of_files", digest_of_files)
    summary = grade(root)
    assert summary.graded == 3
    why = message("course.cannot-open", why="Permission denied")
    assert summary.waiting["ben"] == (why,)


def test_its_earlier_grade_stays_and_waits(graded):
    before = now(graded)
    broken(graded, "ben")
    summary = grade(graded)
    assert summary.waiting["ben"][-1] == message("run.earlier-grade-stays")
    grades, notebooks = now(graded)
    assert notebooks == before[1]
    assert grades["ben"]["grades"] == {
        "one-test": (0.0, None, None, True),
        "two-test": (0.5, None, None, True),
        "essay": (None, None, None, True),
    }
    assert a_record(graded, "ben")["earlier"]["scores"]["two-test"]["auto"] == 0.5
    # Once the file is whole again it is graded as if nothing had been.
    hand_in(graded, "ben", **CLASS["ben"])
    assert grade(graded).graded == 1
    assert now(graded) == before


def test_a_first_grade_is_no_change(root):
    broken(root, "gus")
    assert grade(root, "gus").waiting == {"gus": (message("course.breaks-off"),)}
    hand_in(root, "gus", essay="YOUR ANSWER HERE")  # untouched: nobody must mark it
    summary = grade(root, "gus")
    assert (summary.graded, summary.changed, summary.waiting) == (1, {}, {})


def test_who_looked_into_it_is_not_asked_again(root):
    broken(root, "gus")
    grade(root, "gus")
    with Gradebook(load(root).db_url) as opened:
        for part in ("one-test", "two-test", "essay"):
            found = opened.find_grade(part, UNIT, UNIT, "gus")
            found.manual_score, found.needs_manual_grade = 1, False
        opened.db.commit()
    before = now(root)
    summary = grade(root, "gus")
    assert (summary.waiting, summary.lacking) == ({}, 0)
    assert now(root) == before


def test_a_fault_costs_one_submission(root):
    hand_in(root, "gus", one="finds a fault of ours")
    summary = grade(root)
    assert summary.graded == 4
    fault = message("run.fault", kind="RuntimeError", why="no such process")
    assert summary.waiting["gus"] == (fault,)
    assert a_record(root, "gus")["status"] == "failed"
    assert set(now(root)[0]["gus"]["grades"].values()) == {(None, None, None, True)}
    # A fault may pass: it is tried again.
    executed = Executions()
    grade(root, execute=executed)
    assert executed == ["gus"]


def test_a_submission_that_nbgrader_cannot_save_costs_itself_alone(root, monkeypatch):
    save = converter.Converter.save

    def fails(self, submission, executed, engine):
        if submission.student == "ben":
            raise RuntimeError("no such cell")
        save(self, submission, executed, engine)

    monkeypatch.setattr(converter.Converter, "save", fails)
    summary = grade(root)
    assert summary.graded == 3
    fault = message("run.fault", kind="RuntimeError", why="no such cell")
    assert summary.waiting["ben"] == (message("run.not-saved", why=fault),)


# What keeps everyone from a grade


class Refuses(Executions):
    """Executes those who are named, for whom alone there is a sandbox."""

    def __init__(self, *named):
        self.named = named

    def __call__(self, job):
        if job.student not in self.named:
            raise CourseError("isolation.no-sandbox", lacks=[])
        return super().__call__(job)


def test_a_machine_without_a_sandbox_grades_nobody(root):
    with pytest.raises(CourseError) as told:
        grade(root, execute=Refuses())
    assert told.value.id == "isolation.no-sandbox"
    assert now(root) == ({}, {})
    assert grade(root).graded == 4


def test_to_be_refused_once_costs_one_submission(root):
    summary = grade(root, execute=Refuses("anna", "clara", "dan"))
    assert summary.graded == 3
    assert summary.waiting["ben"] == (message("isolation.no-sandbox", lacks=[]),)


def test_a_machine_that_refuses_all_of_a_sudden(root):
    hand_in(root, "eva")
    executed = Refuses("anna", "eva")
    with pytest.raises(CourseError) as told:
        grade(root, execute=executed)
    assert told.value.id == "isolation.no-sandbox"
    assert executed == ["anna"]


def test_stopped_from_the_keyboard(root):
    def stops(job):
        if job.student == "clara":
            raise KeyboardInterrupt
        return quick_execution.execute(job)

    with pytest.raises(CourseError) as told:
        grade(root, execute=stops)
    assert told.value.id == "run.stopped"
    assert grade(root).up_to_date == 2


def test_a_gradebook_that_does_not_answer(root, monkeypatch):
    save, saved = converter.Converter.save, []

    def fails(self, submission, executed, engine):
        if len(saved) == 2:
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        saved.append(submission)
        save(self, submission, executed, engine)

    monkeypatch.setattr(converter.Converter, "save", fails)
    with pytest.raises(CourseError) as told:
        grade(root)
    assert told.value.message == message("run.gradebook-gone", why="database is locked")
    monkeypatch.undo()
    monkeypatch.chdir(root)
    summary = grade(root)
    assert (summary.graded, summary.up_to_date) == (2, 2)


def test_a_full_disk(root, monkeypatch):
    def fails(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(CourseError) as told:
        grade(root)
    assert told.value.id == "run.stopped-by"
    assert "No space left on device" in told.value.message["why"]
    monkeypatch.undo()
    monkeypatch.chdir(root)
    assert grade(root).graded == 4


def test_another_run_is_refused(root):
    with open(root / "lock", "w") as lock:
        (root / ".rnngrade").mkdir()
        (root / "lock").rename(root / ".rnngrade" / "lock")
        lock.write("4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CourseError) as told:
            grade(root)
        assert told.value.message == message("run.already-at-work", process="4711")
    assert grade(root).graded == 4
