"""The record of a grade, and the grade again from it."""

import json

import pytest

from rnngrade.course.course import load
from rnngrade.digests import digest, digest_of_files
from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Limits, Outcome, Policy, TestCell
from rnngrade.messages import message
from rnngrade.run import record
from rnngrade.run.record import Records
from rnngrade.run.replay import replay
from rnngrade.run.summary import Change, Summary
from tests.rnngrade import small_course
from tests.rnngrade.quick_execution import execute
from tests.rnngrade.small_class import a_record, grade, graded
from tests.rnngrade.small_course import UNIT, hand_in

JOB = Job(
    student="anna",
    unit=UNIT,
    notebook='{"cells": ["é"]}',
    tests=(TestCell("one-test", "test", "test(1)"), TestCell("helpers", "setup", "x = 1")),
    exports=frozenset({"two", "one"}),
    seed="f00",
    files={"data/a.bin": bytes(range(256)), "empty": b""},
    policy=Policy(allows=("rnnlib.data",), recurrences=True),
    limits=Limits(cell_seconds=1.5, memory_mb=512),
    sandbox=False,
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course in which four are graded."""
    place = graded(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


def again(root, student, execute=execute):
    return replay(load(root), UNIT, student, execute)


def test_a_record_says_what_was_graded_how_and_with_what(root):
    found = a_record(root, "ben")
    assert list(found)[:6] == ["schema", "unit", "student", "status", "reasons", "scores"]
    assert (found["schema"], found["unit"], found["student"]) == (record.SCHEMA, UNIT, "ben")
    assert (found["status"], found["reasons"], found["ended"]) == ("graded", [], None)
    assert found["scores"]["two-test"] == {
        "auto": 0.5,
        "manual": None,
        "score": 0.5,
        "waits": False,
    }
    assert {len(value) for value in found["hashes"].values()} == {64}
    assert found["hashes"].keys() == {"submission", "tests", "environment", "settings"}
    assert found["environment"].keys() >= {"python", "torch", "numpy", "nbgrader", "rnnlib"}
    assert found["language"] == "en"
    assert found["environment"]["rnngrade"] != found["environment"]["rnnlib"]
    assert found["limits"]["cell_seconds"] == 60
    assert found["policy"] == {"allows": [], "recurrences": False, "cuda": False}
    assert found["sandbox"] == ["rlimits"]
    assert found["repairs"] == []
    times = found["times"]
    assert times["seconds"] == {"tests": 0.1}
    assert times["queued"] <= times["started"] <= times["finished"] <= times["saved"]


def test_a_process_that_ended_is_in_the_record(root):
    found = a_record(root, "dan")
    assert found["status"] == "graded"
    assert found["ended"] == "it took longer than 300 s in all"
    assert found["reasons"] == [message("run.ended", why=found["ended"]).plain()]


def test_what_was_repaired_is_in_the_record(root):
    path = root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb"
    path.write_text("\ufeff" + path.read_text())
    grade(root, "ben")
    assert a_record(root, "ben")["repairs"] == [message("course.byte-order-mark").plain()]


def test_what_the_worker_says_is_in_the_record_too(root):
    def tells(job):
        outcome = execute(job)
        return Outcome(outcome.notebook, {**outcome.record, "device": "cuda", "status": "mine"})

    grade(root, "ben", execute=tells, again=True)
    assert a_record(root, "ben")["device"] == "cuda"
    assert a_record(root, "ben")["status"] == "graded"


def test_the_record_is_the_new_one_or_the_old_one(tmp_path, monkeypatch):
    records = Records(tmp_path, UNIT)
    records.write("anna", {"status": "graded"})
    monkeypatch.setattr("os.fsync", lambda number: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        records.write("anna", {"status": "failed"})
    assert records.read("anna")["status"] == "graded"
    assert records.read("ben") is None


def test_a_job_comes_back_as_it_was(tmp_path):
    records = Records(tmp_path, UNIT)
    kept = json.loads(json.dumps(records.keep(JOB)))
    found = {"student": "anna", "unit": UNIT, "seed": "f00", "sandboxed": False, "job": kept}
    assert records.job(found) == JOB


def test_what_two_jobs_share_is_kept_once(tmp_path):
    records = Records(tmp_path, UNIT)
    for student in ("anna", "ben"):
        records.keep(Job(**{**vars(JOB), "student": student, "notebook": student}))
    objects = [path for path in tmp_path.glob(".rnngrade/objects/*/*")]
    assert len(objects) == 2 + 1 + 2  # notebooks, tests, files


def test_hashes_see_every_difference(tmp_path):
    job = vars(JOB)
    others = [
        {"tests": JOB.tests[:1]},
        {"exports": frozenset({"one"})},
        {"policy": Policy()},
        {"limits": Limits()},
    ]
    hashes = {digest(record.tests_of(Job(**{**job, **o}))) for o in [{}, *others]}
    assert len(hashes) == 5
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    a, b = tmp_path / "a", tmp_path / "b"
    files = [{"a": a}, {"b": a}, {"a": b}, {"a": a, "b": b}, {"a": b, "b": a}]
    assert len({digest_of_files(names) for names in files}) == 5
    assert digest_of_files({"b": b, "a": a}) == digest_of_files(files[3])


# Replay


@pytest.mark.parametrize("student", ["anna", "ben", "clara", "dan"])
def test_a_grade_is_reproduced(root, student):
    found = again(root, student)
    assert (found.parts, found.differs, found.notes) == (3, {}, [])


def test_the_part_that_differs_is_named(root):
    def other(job):
        return execute(Job(**{**vars(job), "notebook": job.notebook.replace("half", "right")}))

    assert again(root, "ben", execute=other).differs == {"two-test": (0.5, 2.0)}


def test_it_is_the_old_submission_that_is_replayed(root):
    hand_in(root, "ben")
    small_course.write_source(root, hidden="wrong")
    small_course.enter(root)
    found = again(root, "ben")
    assert found.differs == {}
    assert found.notes == [message("run.other-submission")]


def test_another_environment_is_named(root, monkeypatch):
    path = root / ".rnngrade" / "records" / UNIT / "ben.json"
    path.write_text(path.read_text().replace('"nbgrader": "0.9.6"', '"nbgrader": "0.9.5"'))
    other = message("run.other-version", name="nbgrader", was="0.9.5", now="0.9.6")
    assert again(root, "ben").notes == [other]


def test_a_grade_before_an_unreadable_submission(root):
    (root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb").write_text("{")
    grade(root)
    found = again(root, "ben")
    assert found.differs == {}
    why = message("course.breaks-off")
    assert found.notes[0] == message("run.last-has-no-grade", why=why)


def test_without_a_grade_there_is_nothing_to_replay(root):
    with pytest.raises(CourseError) as told:
        again(root, "zoe")
    assert told.value.message == message("run.no-record", unit=UNIT, student="zoe")
    hand_in(root, "gus").write_text("{")
    grade(root)
    with pytest.raises(CourseError) as told:
        again(root, "gus")
    why = message("course.breaks-off")
    assert told.value.message == message("run.no-grade", unit=UNIT, student="gus", why=why)


def test_a_record_of_an_older_form_is_none(root):
    path = root / ".rnngrade" / "records" / UNIT / "ben.json"
    path.write_text(path.read_text().replace(f'"schema": {record.SCHEMA}', '"schema": 1'))
    assert a_record(root, "ben") is None


@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_an_object_that_is_not_as_it_was(root, damage):
    key = a_record(root, "ben")["job"]["notebook"]
    path = root / ".rnngrade" / "objects" / key[:2] / key
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        other = a_record(root, "anna")["job"]["notebook"]
        path.write_bytes((root / ".rnngrade" / "objects" / other[:2] / other).read_bytes())
    with pytest.raises(CourseError) as told:
        again(root, "ben")
    ids = {"gone": "run.object-missing", "cut": "run.object-missing"}
    assert told.value.id == ids.get(damage, "run.object-changed")


# The end of a run


def test_lines():
    summary = Summary(
        graded=10,
        up_to_date=2,
        waiting={
            "zoe": (message("course.empty"), message("run.earlier-grade-stays")),
            **{f"s{number:02}": (message("course.empty"),) for number in range(13)},
        },
        remarks={"ben": (message("run.ended", why="slow"),)},
        changed={"anna": Change({"one": 1, "two": 0.5}, {"one": 0.25, "two": 0.5, "new": 1})},
        seconds=20,
    )
    assert list(summary.lines()) == [
        "10 graded, 2 up to date, 14 need a human: 20 s, 30 a minute",
        "Scores that changed:",
        "  anna: 1.5 → 1.75 (one 1 → 0.25, new 0 → 1)",
        "Need a human:",
        "  s00, s01, s02, s03, s04, s05, s06, s07, s08, s09, and 3 more: The file is empty.",
        "  zoe: The file is empty. Its earlier grade stays.",
        "Graded, but worth a look:",
        "  ben: Its process has ended: slow.",
    ]
