"""A class of four in the small course: handed in, or graded."""

import contextlib
import shutil
from functools import cache

from rnngrade.course.course import load
from rnngrade.run import runner
from rnngrade.run.record import Records
from rnngrade.run.workers import in_turn
from tests.rnngrade.quick_execution import execute as quickly
from tests.rnngrade.small_course import (
    UNIT,
    autograded,
    gradebook,
    hand_in,
    jobs,
    make,
    temporary_folder,
)

CLASS = {
    "anna": {},
    "ben": {"one": "wrong", "two": "half"},
    "clara": {"two": "finds nothing", "essay": "YOUR ANSWER HERE"},
    "dan": {"two": "ends its process"},
}


def handed_in(place):
    """A course in which they have handed in."""
    return shutil.copytree(_handed_in(), place)


def graded(place):
    """A course in which they are graded."""
    return shutil.copytree(_graded(), place)


def grade(root, *students, execute=quickly, pool=in_turn, **options):
    """`rnngrade.run.runner.grade` with a quick execution."""
    course = load(root)
    options = {"jobs": jobs, "execute": execute, "pool": pool, **options}
    return runner.grade(course, UNIT, students, **options)


def now(root):
    """The gradebook and the graded notebooks."""
    return gradebook(load(root).db_url), autograded(root)


def a_record(root, student):
    """The record of a student."""
    return Records(root, UNIT).read(student)


@cache
def _handed_in():
    root = make(temporary_folder() / "course")
    for student, answers in CLASS.items():
        hand_in(root, student, **answers)
    return root


@cache
def _graded():
    root = handed_in(temporary_folder() / "course")
    with contextlib.chdir(root):
        grade(root)
    return root
