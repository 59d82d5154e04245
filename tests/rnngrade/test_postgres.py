"""The gradebook in a PostgreSQL server: the same as in SQLite, and so is what a kill leaves."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from rnngrade.course.course import load
from rnngrade.errors import CourseError
from tests.rnngrade import small_course
from tests.rnngrade.quick_execution import execute
from tests.rnngrade.small_class import grade, graded, handed_in, now
from tests.rnngrade.test_restart import die_in, process

NOBODY = 65534


class Server:
    """A server of its own, reached by a socket in its folder; it does not run as root."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.user = NOBODY if os.geteuid() == 0 else None
        if self.user:
            os.chown(folder, NOBODY, NOBODY)
        self.call("initdb", "-D", folder / "data", "-U", "grader", "-A", "trust", "--no-sync")

    def call(self, program, *arguments):
        done = subprocess.run(
            [self.programs / program, *arguments],
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def start(self):
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        log = self.folder / "log"
        self.call("pg_ctl", "-D", self.folder / "data", "-w", "-l", log, "-o", options, "start")

    def stop(self):
        self.call("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")

    def database(self, name):
        self.call("createdb", "-h", self.folder, "-U", "grader", name)
        return f"postgresql+psycopg2://grader@/{name}?host={self.folder}"


@pytest.fixture(scope="module")
def server():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # Debian's
    if not found:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("there is no PostgreSQL: apt-get install postgresql")
    # Not in tmp_path, which only we may enter; and the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        server = Server(found[-1].parent, Path(name))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def root(server, request, tmp_path, monkeypatch):
    """The course in which four have handed in, with an empty gradebook in the server."""
    place = handed_in(tmp_path / "course")
    (place / "gradebook.db").unlink()
    url = server.database(request.node.name)
    config = place / "nbgrader_config.py"
    # Without a course_id nbgrader names a course that is not there, which PostgreSQL minds.
    config.write_text(
        config.read_text() + f"c.CourseDirectory.db_url = {url!r}\n"
        "c.CourseDirectory.course_id = 'default_course'\n"
    )
    small_course.enter(place)
    monkeypatch.chdir(place)
    return place


def test_the_gradebook_is_that_of_sqlite(root, tmp_path):
    assert load(root).db_url.startswith("postgresql")
    assert grade(root).graded == 4
    assert now(root) == now(graded(tmp_path / "graded"))
    assert not (root / "gradebook.db").exists()
    assert grade(root).up_to_date == 4
    assert grade(root, again=True).graded == 4
    assert now(root) == now(tmp_path / "graded")


def test_killed_while_it_writes_points(root, tmp_path):
    run = process(die_in, root, "rnngrade.run.converter:SaveAutoGrades", "_add_score", True)
    run.join()
    assert run.exitcode == -signal.SIGKILL
    assert grade(root).lacking == 0
    assert now(root) == now(graded(tmp_path / "graded"))


def test_a_server_that_goes_and_comes_back(root, server, tmp_path):
    def stops_it(job):
        if job.student == "clara":
            server.stop()
        return execute(job)

    with pytest.raises(CourseError) as told:
        grade(root, execute=stops_it)
    server.start()
    assert told.value.id == "run.gradebook-gone"
    assert "\n" not in told.value.message["why"]
    assert grade(root).up_to_date == 2
    assert now(root) == now(graded(tmp_path / "graded"))
