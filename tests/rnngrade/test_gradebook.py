"""What the gradebook says of a unit: marks, dates, and who is asked for."""

from datetime import timedelta

import pytest
from nbgrader.api import Gradebook

from rnngrade.course.course import load
from rnngrade.course.gradebook import Mark, UnitGradebook
from rnngrade.errors import CourseError
from tests.rnngrade.small_class import graded
from tests.rnngrade.small_course import UNIT, hand_in, handed_in

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course in which four are graded."""
    place = graded(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


def of_unit(root):
    return UnitGradebook(load(root), UNIT)


def test_marks_are_those_of_the_gradebook(root):
    with Gradebook(load(root).db_url) as opened:
        grade = opened.find_grade("one-test", UNIT, UNIT, "ben")
        grade.manual_score, grade.extra_credit = 0.75, 0.125
        opened.db.commit()
    assert of_unit(root).marks("ben") == {
        "ben": {
            "one-test": Mark(auto=0.0, manual=0.75, score=0.875, waits=False),
            "two-test": Mark(auto=0.5, manual=None, score=0.5, waits=False),
            "essay": Mark(auto=None, manual=None, score=0.0, waits=True),
        }
    }
    assert of_unit(root).marks().keys() == {"anna", "ben", "clara", "dan"}
    assert of_unit(root).marks("nobody") == {}


def test_a_0_is_given_and_nothing_is_not():
    assert Mark(0.0, None, 0.0, False).given
    assert Mark(None, 0.0, 0.0, False).given
    assert not Mark(None, None, 0.0, True).given


def test_marks_are_those_of_this_unit(root):
    before = of_unit(root).marks()
    with Gradebook(load(root).db_url) as opened:
        opened.add_assignment("other")
        opened.add_notebook("other", "other")
        opened.add_grade_cell("other-test", "other", "other", max_score=1, cell_type="code")
        opened.add_submission("other", "anna")
    assert of_unit(root).marks() == before


def test_a_human_is_asked_and_no_grade_is_touched(root):
    hand_in(root, "new")
    for student in ("new", "ben"):
        of_unit(root).ask_a_human(handed_in(root, student))
    marks = of_unit(root).marks()
    assert {p: m.auto for p, m in marks["ben"].items()} == {
        "one-test": 0,
        "two-test": 0.5,
        "essay": None,
    }
    assert {m.auto for m in marks["new"].values()} == {None}
    assert all(mark.waits for name in ("new", "ben") for mark in marks[name].values())


def test_how_late_it_is_counts_from_the_date_with_the_extension(root):
    for student, time in (("in-time", "09:00"), ("late", "11:00"), ("extended", "11:00")):
        hand_in(root, student, timestamp=f"2026-11-01 {time}:00 UTC")
    hand_in(root, "timeless")
    with Gradebook(load(root).db_url) as opened:
        opened.update_or_create_assignment(UNIT, duedate="2026-11-01 10:00:00 UTC")
        opened.update_or_create_student("extended")
        opened.add_submission(UNIT, "extended")
        opened.grant_extension(UNIT, "extended", minutes=45)
    dates = of_unit(root).dates()
    late = {s: dates.seconds_late(handed_in(root, s)) for s in ("in-time", "late", "extended")}
    assert late == {"in-time": 0, "late": 3600, "extended": 900}
    assert dates.extensions == {"extended": timedelta(minutes=45)}
    assert dates.seconds_late(handed_in(root, "timeless")) == 0


def test_a_time_that_only_the_gradebook_knows_counts_too(root):
    with Gradebook(load(root).db_url) as opened:
        opened.update_or_create_assignment(UNIT, duedate="2026-11-01 10:00:00 UTC")
        opened.update_or_create_submission(UNIT, "ben", timestamp="2026-11-01 10:00:05 UTC")
        expected = opened.find_submission(UNIT, "ben").total_seconds_late
    assert of_unit(root).dates().seconds_late(handed_in(root, "ben")) == expected == 5


def test_a_unit_that_the_gradebook_does_not_know(root):
    with pytest.raises(CourseError) as told:
        UnitGradebook(load(root), "other")
    assert (told.value.id, told.value.message["unit"]) == ("course.unknown-unit", "other")
    (root / "gradebook.db").unlink()
    with pytest.raises(CourseError) as told:
        of_unit(root)
    assert told.value.id == "course.no-gradebook"
    assert not (root / "gradebook.db").exists()
