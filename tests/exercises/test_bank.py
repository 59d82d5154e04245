"""The bank: right solutions earn everything, wrong ones lose what they must and no more."""

import re
import warnings

import pytest

from tests.exercises.submission import bank, mark, solved, source

RIGHT, WRONG = bank().RIGHT, bank().WRONG
SOURCE = source()


def marks(code):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one solution warns on purpose
        return mark(solved(SOURCE, code))


def test_the_answers_of_the_source_are_right():
    said = mark(SOURCE)
    assert len(said) == 8
    assert not any(said.values())


def test_the_bank_is_large_enough():
    assert len(RIGHT) >= 8
    assert len(WRONG) >= 14


@pytest.mark.parametrize("name", RIGHT)
def test_right_solutions_earn_every_point(name):
    assert {part: text for part, text in marks(RIGHT[name]).items() if text} == {}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_solutions_lose_what_they_must(name):
    said = marks(WRONG[name].code)
    lost = [part for part, text in said.items() if text]
    assert set(lost) == WRONG[name].loses
    assert WRONG[name].says in said[lost[0]]


@pytest.mark.parametrize("name", WRONG)
def test_no_sentence_shows_a_value(name):
    for text in filter(None, marks(WRONG[name].code).values()):
        assert "\n" not in text
        assert not re.search(r"\d\.\d|tensor\(", text)
