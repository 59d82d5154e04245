"""Who waits for a human: `rnngrade grade` and `rnngrade export` say the same."""

import csv

import nbformat
import pytest
from nbgrader.api import Gradebook

from rnngrade.course.course import load
from rnngrade.execution.job import Outcome
from rnngrade.messages import message
from rnngrade.reports.export import export
from rnngrade.run import status
from rnngrade.run.status import standings
from rnngrade.run.summary import ENOUGH
from tests.rnngrade import quick_execution
from tests.rnngrade.small_class import grade
from tests.rnngrade.small_course import UNIT, hand_in, make

UNTOUCHED = "YOUR ANSWER HERE"  # nobody need mark it


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = make(tmp_path / "course")
    monkeypatch.chdir(root)
    return root


def exported(root):
    """Who is to be graded yet, by the file for a spreadsheet, and why."""
    course, path = load(root), root / "grades.csv"
    export(course, "csv", output=path)
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [*csv.DictReader(file)]
    graded = f"{message('reports.graded')}"
    return {row["student_id"]: row["status"] for row in rows if row["status"] != graded}


def test_grade_and_export_agree_on_who_waits(root):
    hand_in(root, "essay")
    hand_in(root, "unreadable").write_text("{")
    hand_in(root, "graded", essay=UNTOUCHED)
    waiting = grade(root).waiting
    assert {student: [r.id for r in reasons] for student, reasons in waiting.items()} == {
        "essay": ["run.mark-missing"],
        "unreadable": ["course.breaks-off"],
    }
    assert exported(root).keys() == waiting.keys()
    assert f"{message('course.breaks-off')}" in exported(root)["unreadable"]
    assert grade(root).waiting == waiting  # what is up to date waits too

    with Gradebook(load(root).db_url) as gradebook:
        for student in ("essay", "unreadable"):
            for grade_cell in gradebook.find_submission_notebook(UNIT, UNIT, student).grades:
                grade_cell.manual_score, grade_cell.needs_manual_grade = 1, False
        gradebook.db.commit()
    summary = grade(root)
    assert (summary.waiting, summary.lacking, exported(root)) == ({}, 0, {})


def test_only_who_is_named_is_told_of(root):
    for student in ("anna", "ben"):
        hand_in(root, student)
    grade(root)
    assert grade(root, "ben").waiting.keys() == {"ben"}


def test_what_plain_nbgrader_could_not_read_waits_too(root):
    """`nbgrader autograde` leaves a notebook that says why, and no record."""
    hand_in(root, "ben", essay=UNTOUCHED, one="wrong", two="wrong")
    grade(root)
    path = root / "autograded" / "ben" / UNIT / f"{UNIT}.ipynb"
    path.chmod(0o644)
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["rnngrade"] = {"unreadable": message("course.empty").plain()}
    nbformat.write(notebook, path)
    (standing,) = standings(load(root), UNIT)
    assert (standing.status, standing.reasons) == (
        status.UNREADABLE,
        (message("course.empty"),),
    )


def test_who_has_handed_in_nothing_waits_for_nobody(root):
    hand_in(root, "new")
    found = {s.student: s for s in standings(load(root), UNIT, others=["zoe"])}
    assert {name: s.status for name, s in found.items()} == {
        "new": status.NOT_GRADED,
        "zoe": status.MISSING,
    }
    assert not any(standing.waits for standing in found.values())


# A part that everybody lost


def says(job):
    """The quick execution, whose record tells what each failed test said."""
    outcome = quick_execution.execute(job)
    said = {}
    for cell in nbformat.reads(outcome.notebook, as_version=4).cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                said[cell.metadata.nbgrader.grade_id] = message(
                    "run.fault", kind=output.ename, why=output.evalue
                ).plain()
    return Outcome(outcome.notebook, {**outcome.record, "said": said})


def suspects(root, answers):
    for number, answer in enumerate(answers):
        hand_in(root, f"s{number}", one=answer, essay=UNTOUCHED)
    return grade(root, execute=says).suspects


def fault(n, total):
    said = message("run.fault", kind="AssertionError", why="bad is wrong.")
    return message("run.everybody-lost", part="one", n=n, total=total, said=said)


def test_a_part_that_everybody_lost_with_one_message_is_told(root):
    assert suspects(root, ["bad"] * (ENOUGH - 1)) == ()
    assert suspects(root, ["bad"] * ENOUGH) == (fault(5, 5),)
    summary = grade(root, execute=says)
    assert (summary.graded, summary.suspects) == (0, (fault(5, 5),))  # from the records
    assert [*summary.lines()][-1] == f"{fault(5, 5)}"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (["bad"] * 9 + ["right"], (fault(9, 10),)),
        (["bad"] * 8 + ["right"] * 2, ()),
        (["bad", "worse"] * 3, ()),  # each with a message of its own
        (["right"] * 6, ()),
    ],
)
def test_nearly_everybody_is_nine_in_ten_with_the_same_message(root, answers, told):
    assert suspects(root, answers) == told
