"""Rounding as on paper, and numbers in texts."""

import numpy as np
import pytest

from exam.numbers import WHOLE, Draw, Number, breakable, decimals, fill, significant


@pytest.mark.parametrize(
    ("rounding", "value", "text", "exact"),
    [
        (decimals(3), 0.90515, "0.905", False),
        (decimals(3), 0.31, "0.310", True),
        (decimals(2), 0.125, "0.13", False),  # half up, unlike round()
        (decimals(2), -0.125, "-0.13", False),
        (decimals(2), -0.001, "0.00", False),
        (decimals(2), 1.005, "1.01", False),  # as written, not as stored
        (significant(2), 0.0123, "0.012", False),
        (significant(2), 123.4, "120", False),
        (significant(2), 1.57e-7, r"1.6 \cdot 10^{-7}", False),
        (significant(3), 0.09996, "0.1000", False),
        (WHOLE, 8.0, "8", True),
        (WHOLE, 7.5, "8", False),
    ],
)
def test_rounding(rounding, value, text, exact):
    number = rounding(value)
    assert (number.text, number.exact) == (text, exact)


def test_what_the_question_says():
    assert decimals(3).sentence(decimals(3)) == "Round the answer to three decimals."
    assert decimals(1).sentence(decimals(2)).startswith("Round the answer to one decimal; on")
    assert significant(2).sentence(significant(4)).endswith("four significant digits or more.")
    assert WHOLE.sentence(decimals(3)) == "The answer is a whole number."


def test_numbers_in_a_text():
    values = {"x": Number(-0.5), "k": 3, "a": decimals(2)(0.123), "b": decimals(2)(0.25)}
    text = r"$<x> \cdot <(x)> \cdot <(k)> <+x> <+k>$ $<~a>$ $<~b>$ $x < y > z$"
    expected = r"$-0.5 \cdot (-0.5) \cdot 3 - 0.5 + 3$ $\approx 0.12$ $= 0.25$ $x < y > z$"
    assert fill(text, values) == expected
    with pytest.raises(KeyError):
        fill("<missing>", values)


def test_formulas_break_between_terms_and_nowhere_else():
    assert breakable(r"so $a = b + c$") == r"so $a$ $= b$ ${} + c$"
    assert breakable(r"$x_{t + 1} \approx (a - b)$") == r"$x_{t + 1}$ $\approx (a - b)$"
    assert breakable("$-1$ and $a - 1 = 2$") == "$-1$ and $a$ ${} - 1$ $= 2$"
    assert breakable("1 = 1") == "1 = 1"


def test_draws_stay_in_range():
    draw = Draw(np.random.default_rng(0))
    steps = {float(draw.steps(-0.3, 0.3, 0.1, but=(0,))) for _ in range(200)}
    assert steps == {-0.3, -0.2, -0.1, 0.1, 0.2, 0.3}
    assert {draw.whole(1, 3) for _ in range(50)} == {1, 2, 3}
    assert sorted(draw.sample([1, 2, 3, 4], 4)) == [1, 2, 3, 4]
