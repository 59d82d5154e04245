"""What was handed in: its files, its time, its language, and what is wrong with it."""

import os
from datetime import datetime

import nbformat
import pytest

from rnngrade.course.course import load
from rnngrade.course.submission import Submissions, is_name
from tests.rnngrade.small_course import UNIT, hand_in, handed_in, make


@pytest.fixture
def root(tmp_path):
    root = make(tmp_path / "course")
    hand_in(root, "ben", timestamp="2026-11-01 10:00:00 UTC")
    return root


def configure(root, line):
    config = root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{line}\n")


def test_the_students_files_lie_under_those_of_the_unit(root):
    folder = root / "submitted" / "ben" / UNIT
    (folder / "data.txt").write_text("forged")
    (folder / "mine").mkdir()
    (folder / "mine" / "helper.py").write_text("x = 1")
    submission = handed_in(root, "ben")
    texts = {name: path.read_text() for name, path in submission.data.items()}
    assert texts.pop("timestamp.txt")
    assert texts == {"data.txt": "1 2 3", "mine/helper.py": "x = 1"}
    assert submission.files.keys() == {
        "data.txt",
        "mine/helper.py",
        f"{UNIT}.ipynb",
        "timestamp.txt",
    }
    assert submission.own_bytes == len("x = 1") + len("2026-11-01 10:00:00 UTC")
    configure(root, f"c.Autograde.exclude_overwriting = {{{UNIT!r}: ['data.txt']}}")
    assert handed_in(root, "ben").data["data.txt"].read_text() == "forged"


def test_students_are_those_who_handed_in(root):
    hand_in(root, "anna")
    (root / "submitted" / "zoe" / "other").mkdir(parents=True)
    assert Submissions(load(root), UNIT).students() == ["anna", "ben"]
    configure(root, "c.CourseDirectory.student_id_exclude = 'ben'")
    assert Submissions(load(root), UNIT).students() == ["anna"]


def test_its_hash_is_of_every_file_and_its_time_that_of_the_file(root):
    before = handed_in(root, "ben")
    assert before.handed_in == datetime(2026, 11, 1, 10)
    assert before.fault is None
    (root / "submitted" / "ben" / UNIT / "helper.py").write_text("x = 1")
    assert handed_in(root, "ben").hash != before.hash == handed_in_again(root).hash


def handed_in_again(root):
    (root / "submitted" / "ben" / UNIT / "helper.py").unlink()
    return handed_in(root, "ben")


def a_link(folder):
    (folder / "data.csv").symlink_to(folder / f"{UNIT}.ipynb")


def a_pipe(folder):
    os.mkfifo(folder / "data.csv")


def no_time(folder):
    (folder / "timestamp.txt").write_text("yesterday, I swear")


FAULTS = {
    a_link: ("course.not-a-file", "data.csv"),
    a_pipe: ("course.not-a-file", "data.csv"),
    no_time: ("course.no-time", "timestamp.txt"),
}


@pytest.mark.parametrize("breaks", FAULTS)
def test_what_is_wrong_with_it_is_told(root, breaks):
    breaks(root / "submitted" / "ben" / UNIT)
    fault = handed_in(root, "ben").fault
    assert (fault.id, fault["file"]) == FAULTS[breaks]


@pytest.mark.parametrize("name", ["two\nlines", "x" * 200, os.fsdecode(b"\xff")])
def test_what_cannot_be_a_name(name):
    assert not is_name(name)
    assert is_name("anna")


# The language


def ask(path, language):
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata["rnngrade"] = {"language": language}
    nbformat.write(notebook, path)


def ask_in_the_unit(root, language):
    ask(root / "solutions" / UNIT / f"{UNIT}.ipynb", language)


def test_the_language_is_the_first_that_is_asked_for(root):
    path = root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb"
    assert handed_in(root, "ben").language == "en"
    configure(root, "c.RnnGrade.language = 'ru'")
    assert handed_in(root, "ben").language == "ru"
    ask_in_the_unit(root, "en")
    assert handed_in(root, "ben").language == "en"
    ask(path, "ru")
    assert handed_in(root, "ben").language == "ru"


@pytest.mark.parametrize(
    "asked", ["xx", "", None, 3, ["ru"], {"ru": "ru"}, "../ru", "r" * 10**6]
)
def test_a_language_that_nobody_speaks_is_passed_over(root, asked):
    ask(root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb", asked)
    assert handed_in(root, "ben").language == "en"


def test_what_cannot_be_read_has_the_language_of_the_course(root):
    configure(root, "c.RnnGrade.language = 'ru'")
    (root / "submitted" / "ben" / UNIT / f"{UNIT}.ipynb").write_text("{")
    assert handed_in(root, "ben").language == "ru"
