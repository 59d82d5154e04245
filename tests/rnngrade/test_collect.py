"""Whose notebook it is, told from the name of the file."""

import pytest

from rnngrade.collect import Collector

FOLDER = "/course/downloaded/lstm-gates/extracted/"


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("anna_lstm-gates.ipynb", "anna"),
        ("anna_b_lstm-gates.ipynb", "anna_b"),
        ("submissions/anna_lstm-gates.ipynb", "anna"),
        ("anna/lstm-gates.ipynb", "anna"),
        ("anna_b/lstm-gates.ipynb", "anna_b"),
        ("anna/lstm-gates/lstm-gates.ipynb", "anna"),
        ("anna_lstm-gates/lstm-gates.ipynb", "anna"),
        ("anna_lstm-gates/work/lstm-gates/lstm-gates.ipynb", "anna"),
    ],
)
def test_a_submission(path, student):
    want = {"student_id": student, "file_id": "lstm-gates"}
    assert Collector().collect(FOLDER + path) == want


@pytest.mark.parametrize(
    "path",
    [
        "lstm-gates.ipynb",
        "anna.ipynb",
        "anna_rnn.ipynb",
        "_lstm-gates.ipynb",
        "anna/notes.txt",
        "anna/__MACOSX/._lstm-gates.ipynb",
        "._anna_lstm-gates.ipynb",
        "anna/.ipynb_checkpoints/lstm-gates-checkpoint.ipynb",
    ],
)
def test_no_submission(path):
    assert Collector().collect(FOLDER + path) is None
