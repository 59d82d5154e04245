"""The journal: what is in it is on the disk, and what is torn was never written."""

import os

import pytest

from rnngrade.run.journal import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal" / "sums.jsonl"


def write(path, *lines):
    with Journal(path) as journal:
        for student, state in lines:
            journal.write(student, state)


def states(path, *students):
    with Journal(path) as journal:
        return [journal.last(student).get("state") for student in students]


def test_the_last_line_of_a_student_counts(path):
    write(path, ("anna", "saving"), ("ben", "saving"), ("anna", "saved"))
    assert states(path, "anna", "ben", "clara") == ["saved", "saving", None]


def test_it_knows_what_it_has_just_written(path):
    with Journal(path) as journal:
        journal.write("anna", "saving")
        assert journal.last("anna")["state"] == "saving"


def test_it_goes_on_where_it_stopped(path):
    write(path, ("anna", "saved"))
    write(path, ("ben", "saved"))
    assert states(path, "anna", "ben") == ["saved", "saved"]
    assert len(path.read_text().splitlines()) == 2


def test_a_line_has_what_was_said_and_when(path):
    with Journal(path) as journal:
        journal.write("anna", "saved", key="f00", points={"one": 0.5, "two": None})
    with Journal(path) as journal:
        last = journal.last("anna")
    assert last["key"] == "f00"
    assert last["points"] == {"one": 0.5, "two": None}
    assert last["at"].endswith("+00:00")


@pytest.mark.parametrize("torn", ['{"student": "anna", "sta', '{"student": "anna"}'])
def test_a_torn_line_is_cut_off(path, torn):
    write(path, ("anna", "saving"))
    whole = path.read_text()
    path.write_text(whole + torn)
    assert states(path, "anna") == ["saving"]
    assert path.read_text() == whole
    write(path, ("anna", "saved"))
    assert states(path, "anna") == ["saved"]


def test_a_file_of_nothing_but_a_torn_line(path):
    path.parent.mkdir()
    path.write_text('{"stu')
    assert states(path, "anna") == [None]
    assert path.read_text() == ""


def test_a_line_is_on_the_disk_before_the_next_step(path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda number: seen.append(path.read_text()))
    write(path, ("anna", "saving"))
    assert len(seen) == 1
    assert '"anna"' in seen[0]
