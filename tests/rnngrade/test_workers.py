"""Where submissions are executed: here or elsewhere, few at a time."""

import time

import pytest
from distributed import LocalCluster

from rnngrade.errors import CourseError
from rnngrade.execution.job import Job
from rnngrade.messages import message
from rnngrade.run import workers
from rnngrade.run.environment import environment, loaded_by
from rnngrade.run.workers import AHEAD, on_dask
from tests.rnngrade.small_class import grade, graded, handed_in, now
from tests.rnngrade.small_course import hand_in


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course in which four have handed in."""
    place = handed_in(tmp_path / "course")
    monkeypatch.chdir(place)
    return place


@pytest.fixture(scope="module")
def address():
    """Of a scheduler with two workers."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=":0",
    ) as cluster:
        yield cluster.scheduler_address


def test_a_scheduler_elsewhere(root, tmp_path, address):
    assert grade(root, pool=on_dask(scheduler=address)).graded == 4
    assert now(root) == now(graded(tmp_path / "graded"))


def test_a_scheduler_with_other_versions(root, address, monkeypatch):
    plain = workers.Client.get_versions

    def other(self):
        versions = plain(self)
        versions["scheduler"]["packages"]["dask"] = "1.0"
        return versions

    monkeypatch.setattr(workers.Client, "get_versions", other)
    with pytest.raises(CourseError) as told:
        grade(root, pool=on_dask(scheduler=address))
    other = told.value.message
    assert (other.id, other["name"], other["there"]) == ("run.other-cluster", "dask", "1.0")


def test_few_submissions_are_under_way(address):
    taken, most = 0, 0

    def tasks():
        nonlocal taken
        for number in range(12):
            taken += 1
            yield number, (0.2,)

    for done, (_, result) in enumerate(on_dask(scheduler=address)(time.sleep, tasks())):
        assert result() is None
        most = max(most, taken - done)
    assert taken == 12
    assert 2 < most <= 2 * AHEAD


def test_without_a_task_no_worker_is_started(monkeypatch):
    monkeypatch.setattr(workers, "_cluster", None)
    assert list(on_dask(2)(time.sleep, [])) == []


def test_an_address_where_nobody_answers(root, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 0.5)
    with pytest.raises(CourseError) as told:
        grade(root, pool=on_dask(scheduler="tcp://127.0.0.1:9"))
    assert told.value.id == "run.no-scheduler"
    assert told.value.message["address"] == "tcp://127.0.0.1:9"


def test_dask_gives_the_same_gradebook_and_loses_only_who_kills_its_worker(root, tmp_path):
    hand_in(root, "gus", one="finds a fault of ours")
    hand_in(root, "bad", one="kills its worker")
    summary = grade(root, pool=on_dask(2))
    assert (summary.graded, summary.lacking) == (4, 2)
    fault = message("run.fault", kind="RuntimeError", why="no such process")
    assert summary.waiting["gus"] == (fault,)
    assert summary.waiting["bad"] == (message("run.worker-died"),)
    grades, notebooks = now(root)
    for student in ("gus", "bad"):
        assert set(grades.pop(student)["grades"].values()) == {(None, None, None, True)}
    assert (grades, notebooks) == now(graded(tmp_path / "graded"))


JOB = Job("anna", "sums", "{}", (), frozenset(), "f00")


@pytest.mark.parametrize("name", ["python", "torch", "rnngrade", "rnnlib"])
def test_a_worker_with_other_versions_is_refused(name):
    here = environment(loaded_by(JOB))
    with pytest.raises(CourseError) as told:
        workers.work(None, JOB, {**here, name: "1.0"})
    other = message("run.other-worker", name=name, there=here[name], here="1.0")
    assert told.value.message == other


def test_a_worker_needs_no_nbgrader_to_be_the_same():
    assert "nbgrader" not in environment(loaded_by(JOB))
