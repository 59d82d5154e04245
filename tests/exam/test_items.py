"""The calculations on paper: right, safe to round, different from seed to seed."""

import re

import numpy as np
import pytest

from exam.item import ITEMS, Draft, Item
from exam.items import CHAPTERS, items_of
from exam.numbers import WHOLE, Number, Rounding, decimals
from tests.exam.references import REFERENCES
from tests.helpers import to_numpy

SEEDS = range(1, 61)
NAMES = list(ITEMS)
VARIANTS = {name: [item.variant(seed) for seed in SEEDS] for name, item in ITEMS.items()}
GREEDY = re.compile(r"-?\d+(?:\.\d+)?(?: \\cdot 10\^\{-?\d+\})?")


def plain(tex):
    """The number that TeX shows."""
    mantissa, _, power = GREEDY.match(tex)[0].partition(r" \cdot 10^")
    return float(mantissa) * 10.0 ** int(power.strip("{}") or 0)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_items_of_a_chapter_can_be_told_apart(chapter):
    titles = [item.title for item in items_of(chapter)]
    assert titles
    assert sorted(set(titles)) == sorted(titles)


def test_items_come_in_the_order_of_the_book():
    assert [item for chapter in CHAPTERS for item in items_of(chapter)] == list(ITEMS.values())


def test_every_item_has_a_second_computation():
    assert sorted(REFERENCES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_that_of_a_second_computation(name):
    for variant in VARIANTS[name]:
        wanted = np.asarray(to_numpy(REFERENCES[name](variant.draft.numbers))).item()
        assert np.isfinite(variant.draft.answer)
        # clip_by_norm, like torch, adds 1e-6 to the norm.
        assert variant.draft.answer == pytest.approx(wanted, rel=1e-6, abs=1e-9), variant.seed


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_shown_is_the_rounded_one(name):
    item = ITEMS[name]
    for variant in VARIANTS[name]:
        unit = item.to.unit(variant.draft.answer)
        assert abs(plain(variant.shown) - variant.draft.answer) <= unit / 2
        number = GREEDY.match(variant.shown)[0]
        assert number in variant.solution[-1], "the last line tells the answer"
        if item.to.kind == "decimals":
            assert len(number.partition(".")[2]) == item.to.places
        if item.to.kind == "whole":
            assert "." not in number


@pytest.mark.parametrize("name", NAMES)
def test_rounding_on_the_way_does_not_change_the_answer(name):
    """Each result on the way is kept as it is, or rounded to as many places or some more."""
    item = ITEMS[name]
    for variant in VARIANTS[name]:
        rng = np.random.default_rng(variant.seed)
        for trial in range(20):

            def r(value, trial=trial, rng=rng):
                more = int(rng.integers(4)) if trial else 0
                if more == 3:
                    return value
                return float(Rounding(item.keep.kind, item.keep.places + more)(value))

            result = float(list(variant.draft.paper(r).values())[-1])
            assert item.to(result) == item.to(variant.draft.answer), (variant.seed, trial)


@pytest.mark.parametrize("name", NAMES)
def test_the_rounding_and_the_unit_are_stated(name):
    item = ITEMS[name]
    for variant in VARIANTS[name]:
        sentence = item.to.sentence(item.keep)
        assert variant.question.endswith(sentence)
        if item.to.kind == "whole":
            assert "whole number" in sentence
        else:
            words = ("no", "one", "two", "three", "four", "five", "six")
            assert f" {words[item.to.places]} " in sentence
            assert (item.keep == item.to) == ("on the way" not in sentence)
        unit = variant.draft.unit
        if unit:
            assert unit in variant.question
            assert unit in variant.solution[-1]
            assert unit in variant.shown.replace("\\", "")


@pytest.mark.parametrize("name", NAMES)
def test_seeds_give_different_numbers_and_the_same_seed_the_same(name):
    questions = [variant.question for variant in VARIANTS[name]]
    assert len(set(questions)) >= 10
    assert len(set(questions[:4])) == 4, "the four on the page"
    assert len({variant.shown for variant in VARIANTS[name]}) >= 5
    assert ITEMS[name].variant(3).question == questions[2]


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_complete(name):
    item = ITEMS[name]
    assert 2 <= item.minutes <= 10
    for variant in VARIANTS[name]:
        assert 2 <= variant.points <= 5
        assert variant.points == item.points
        for text in (variant.question, *variant.solution, f"${variant.shown}$"):
            assert text.count("$") % 2 == 0, text
            assert text.count("{") == text.count("}"), text
            assert not re.search(r"<[(+~]?[A-Za-z]\w*\)?>", text), text
            assert not re.search(r"\b(?:nan|inf)\b", text), text
            assert not re.search(r"\d\.\d{7}|\d\.\d*e[-+]?\d", text), text
            assert "--" not in text, text
            assert "+ -" not in text, text
            assert not re.search(r"\\cdot -\d", text), text


TWO = decimals(2)


def make(answer, paper, to=TWO):
    def draw(_):
        return Draft({}, "Q", answer, paper, [r"$<~answer>$"])

    return Item("an-item", "none", "T", 1, to, to, draw)


def test_numbers_that_rounding_could_spoil_are_refused():
    assert make(0.1204, lambda r: {"a": r(0.1204)}).variant(1).shown == "0.12"
    # 3 · 0.333… = 1, but 3 · 0.33 = 0.99.
    with pytest.raises(RuntimeError, match="no numbers that are safe"):
        make(1.0, lambda r: {"a": 3 * r(1 / 3)}).variant(1)
    with pytest.raises(RuntimeError, match="no numbers that are safe"):
        make(0.125, lambda r: {"a": 0.125}).variant(1)  # between 0.12 and 0.13
    with pytest.raises(RuntimeError, match="no numbers that are safe"):
        make(float("inf"), lambda r: {"a": float("inf")}).variant(1)


def test_a_way_on_paper_that_leads_elsewhere_is_an_error():
    with pytest.raises(AssertionError, match=r"on paper 2\.0, by the library 1\.0"):
        make(1.0, lambda r: {"a": Number(2.0)}, WHOLE).variant(1)
