"""A student's seed: always the same, and nobody else's."""

import os
import stat

import pytest

from rnngrade.course.seeds import FILE, VARIABLE, course_secret, student_seed
from rnngrade.errors import CourseError

ANNA = ("memory-cells", "memory-cells", "anna")


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def test_a_seed_can_be_replayed():
    # A grade of last year is replayed with this very number.
    assert student_seed(b"a secret of the course", *ANNA) == (
        "f2dc7e7f24c0ed967e0d2118e7f6121bc38059f14ac450a868413d7316bcc171"
    )


@pytest.mark.parametrize(
    "other",
    [
        ("memory-cells", "memory-cells", "boris"),
        ("memory-cells", "memory-cell", "sanna"),
        ("rnn", "memory-cells", "anna"),
        ("memory-cells", "rnn", "anna"),
        ("memory-cells", "memory-cells", 'anna", "'),
    ],
)
def test_every_student_and_unit_has_a_seed_of_its_own(other):
    assert student_seed(b"secret", *other) != student_seed(b"secret", *ANNA)


def test_another_secret_gives_other_seeds():
    assert student_seed(b"secret", *ANNA) != student_seed(b"Secret", *ANNA)


def test_the_secret_is_made_once_and_for_the_owner_alone(tmp_path):
    secret = course_secret(tmp_path)
    assert len(secret) >= 32
    assert course_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [FILE]
    (tmp_path / "other").mkdir()
    assert course_secret(tmp_path / "other") != secret


def test_graders_that_start_at_once_agree(tmp_path, monkeypatch):
    def meanwhile(size):
        (tmp_path / FILE).write_text("of the other grader")
        return "f" * 2 * size

    monkeypatch.setattr("secrets.token_hex", meanwhile)
    assert course_secret(tmp_path) == b"of the other grader"
    assert os.listdir(tmp_path) == [FILE]


def test_a_disk_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    assert course_secret(tmp_path) == course_secret(tmp_path)
    assert os.listdir(tmp_path) == [FILE]


def test_the_environment_goes_first(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "sixteen letters!")
    assert course_secret(tmp_path) == b"sixteen letters!"
    assert os.listdir(tmp_path) == []


def test_a_secret_that_is_none(tmp_path, monkeypatch):
    (tmp_path / FILE).write_text("\n")
    with pytest.raises(CourseError) as told:
        course_secret(tmp_path)
    assert told.value.id == "course.secret-short"
    assert told.value.message["file"] == f"{tmp_path / FILE}"
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(CourseError) as told:
        course_secret(tmp_path)
    assert told.value.id == "course.secret-variable-short"


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(CourseError) as told:
        course_secret(tmp_path)
    assert told.value.id == "course.secret-unreadable"
    (tmp_path / FILE).rmdir()
    (tmp_path / FILE).write_bytes(b"\xff" * 32)
    with pytest.raises(CourseError) as told:
        course_secret(tmp_path)
    assert told.value.id == "course.secret-unreadable"
