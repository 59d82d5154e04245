"""Killed with SIGKILL and called again: the gradebook of a run that was not killed.

Four moments by chance, and each step by name. `RNNGRADE_KILLS=20` tries twenty moments.
"""

import multiprocessing
import os
import random
import signal
import time
from pkgutil import resolve_name

import pytest

from tests.rnngrade.small_class import CLASS, a_record, grade, graded, handed_in, now
from tests.rnngrade.small_course import hand_in

KILLS = int(os.environ.get("RNNGRADE_KILLS", "4"))


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course in which four have handed in."""
    place = handed_in(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


def run_in(root):
    """The life of a process that grades."""
    os.chdir(root)
    grade(root)


def process(target, *arguments):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["rnngrade.run.runner", "nbgrader.converters"])
    started = context.Process(target=target, args=arguments)
    started.start()
    return started


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """How long an uninterrupted run takes, in a process of its own."""
    process(int).join()  # the server is up
    place = handed_in(tmp_path_factory.mktemp("timed") / "course")
    start = time.monotonic()
    run = process(run_in, place)
    run.join()
    assert run.exitcode == 0
    return time.monotonic() - start


def assert_it_goes_on(root, whole):
    summary = grade(root)
    assert summary.lacking == 0
    assert now(root) == now(whole)
    for student in CLASS:
        records = [a_record(r, student) for r in (root, whole)]
        assert records[0]["scores"] == records[1]["scores"]
        assert records[0]["job"] == records[1]["job"]
    assert grade(root).up_to_date == 4


@pytest.mark.parametrize("moment", range(KILLS))
def test_killed_at_any_moment_it_ends_with_the_same_gradebook(root, tmp_path, seconds, moment):
    run = process(run_in, root)
    run.join(random.Random(moment).uniform(0, seconds))
    run.kill()
    run.join()
    assert_it_goes_on(root, graded(tmp_path / "graded"))


def die_in(root, owner, name, before):
    """Grade, and be killed at the third call of a function: before it, or after."""
    owner = resolve_name(owner)
    plain, calls = getattr(owner, name), []

    def dies(*arguments, **options):
        calls.append(1)
        if len(calls) == 3 and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = plain(*arguments, **options)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dies)
    run_in(root)


STEPS = {
    "between two parts' points": ("rnngrade.run.converter:SaveAutoGrades", "_add_score", True),
    "before the notebook is put in place": ("rnngrade.run.converter", "publish", True),
    "after the notebook is put in place": ("rnngrade.run.converter", "publish", False),
    "before the record": ("rnngrade.run.record:Records", "write", True),
    "after the record": ("rnngrade.run.record:Records", "write", False),
    "while it writes a file": ("os", "replace", True),
    "before a line of the journal": ("rnngrade.run.journal:Journal", "write", True),
    "after a line of the journal": ("rnngrade.run.journal:Journal", "write", False),
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_it_ends_with_the_same_gradebook(root, tmp_path, step):
    run = process(die_in, root, *STEPS[step])
    run.join()
    assert run.exitcode == -signal.SIGKILL
    assert_it_goes_on(root, graded(tmp_path / "graded"))


def test_half_saved_the_scores_before_are_still_told(tmp_path, monkeypatch):
    root = graded(tmp_path / "course")
    monkeypatch.chdir(root)
    for student in ("anna", "ben"):
        hand_in(root, student, one="right", two="half")
    run = process(die_in, root, "os", "replace", True)  # the third: of anna's record
    run.join()
    assert run.exitcode == -signal.SIGKILL
    assert now(root)[0]["anna"]["grades"]["two-test"][0] == 0.5
    assert {s: str(change) for s, change in grade(root).changed.items()} == {
        "anna": "3 → 1.5 (two-test 2 → 0.5)",
        "ben": "0.5 → 1.5 (one-test 0 → 1)",
    }
