"""The bank: right solutions earn everything, wrong ones lose what they must and no more."""

import ast
import re
import warnings
from functools import cache

import pytest

from rnngrade import check
from tests.exercises.submission import bank, mark, points, solved, source

RIGHT, WRONG = bank().RIGHT, bank().WRONG
SOURCE = source()
PARTS = [name.replace("-", "_") for name in points(SOURCE)]
MISCONCEPTION = "what you get when"


@cache
def marks(code):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one solution warns on purpose
        return mark(solved(SOURCE, code))


def ways(part):
    """The right definitions of one function that differ in more than the look of the text."""
    functions = (node for code in RIGHT.values() for node in ast.parse(code).body)
    return {ast.dump(node) for node in functions if getattr(node, "name", "") == part}


def test_the_answers_of_the_source_are_right():
    said = mark(SOURCE)
    assert len(said) == 8
    assert not any(said.values())


def test_the_bank_is_large_enough():
    assert len(RIGHT) >= 8
    assert len(WRONG) >= 14
    assert sum(MISCONCEPTION in wrong.says for wrong in WRONG.values()) >= 25


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_solved_in_four_ways(part):
    assert len(ways(part)) >= 4


@pytest.mark.parametrize("name", RIGHT)
def test_right_solutions_earn_every_point(name):
    assert {part: text for part, text in marks(RIGHT[name]).items() if text} == {}


@pytest.mark.parametrize("key", [b"Anna", b"Boris"])
@pytest.mark.parametrize("name", RIGHT)
def test_right_solutions_earn_every_point_with_the_cases_of_any_student(name, key):
    check.use_key(key)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = mark(solved(SOURCE, RIGHT[name]))
    finally:
        check.use_key(None)
    assert {part: text for part, text in said.items() if text} == {}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_solutions_lose_what_they_must(name):
    said = marks(WRONG[name].code)
    lost = [part for part, text in said.items() if text]
    assert set(lost) == WRONG[name].loses
    assert WRONG[name].says in said[lost[0]]
    # A misconception is named where the bank says so, and nowhere else.
    assert (MISCONCEPTION in WRONG[name].says) == (MISCONCEPTION in said[lost[0]])


@pytest.mark.parametrize("name", WRONG)
def test_no_sentence_shows_a_value(name):
    for text in filter(None, marks(WRONG[name].code).values()):
        assert "\n" not in text
        assert not re.search(r"\d\.\d|tensor\(", text)
