"""The tasks: each sequence obeys its rule, and the baseline is what sampling gives."""

import sys

import numpy as np
import pytest

from rnnlib.tasks import (
    ADDING_BASELINE,
    DIGITS_BASELINE,
    TEMPORAL_ORDER_BASELINE,
    adding,
    copy_baseline,
    copy_memory,
    delayed_digits,
    temporal_order,
)

DRAWS = {
    "adding": lambda seed: adding(20, 50, seed),
    "copy": lambda seed: copy_memory(5, 50, seed),
    "temporal order": lambda seed: temporal_order(20, 50, seed),
    "delayed digits": lambda seed: delayed_digits(4, seed).train,
}


@pytest.mark.parametrize("task", list(DRAWS))
def test_a_seed_is_a_batch(task):
    draw = DRAWS[task]
    np.random.seed(0)  # the global generator must play no part
    first, again, other = draw(3), draw(3), draw(4)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.xs, other.xs)
    from_generator = draw(np.random.default_rng(3))
    np.testing.assert_array_equal(first.xs, from_generator.xs)


@pytest.mark.parametrize("task", list(DRAWS))
def test_a_generator_goes_on(task):
    generator = np.random.default_rng(0)
    draw = DRAWS[task]
    assert not np.array_equal(draw(generator).xs, draw(generator).xs)


@pytest.mark.parametrize(
    ("task", "xs", "targets"),
    [
        ("adding", (20, 50, 2), ("float32", (50, 1))),
        ("copy", (25, 50, 10), ("int64", (25, 50))),
        ("temporal order", (20, 50, 6), ("int64", (50,))),
        ("delayed digits", (12, 1437, 8), ("int64", (1437,))),
    ],
)
def test_shapes_and_dtypes(task, xs, targets):
    batch = DRAWS[task](0)
    assert (batch.xs.dtype, batch.xs.shape) == ("float32", xs)
    assert (batch.targets.dtype, batch.targets.shape) == targets


# Adding


@pytest.mark.parametrize("T", [2, 3, 10, 101])
def test_adding_marks_one_step_in_each_half(T):
    numbers, marks = np.moveaxis(adding(T, 500, 0).xs, -1, 0)
    assert set(np.unique(marks)) <= {0, 1}
    np.testing.assert_array_equal(marks[: T // 2].sum(axis=0), 1)
    np.testing.assert_array_equal(marks[T // 2 :].sum(axis=0), 1)
    assert (marks.sum(axis=1) > 0).all()  # every step is marked at some time
    assert 0 <= numbers.min() < 0.02
    assert 0.98 < numbers.max() < 1


def test_adding_asks_for_the_sum_of_the_marked():
    xs, targets = adding(30, 100, 0)
    np.testing.assert_allclose((xs[..., 0] * xs[..., 1]).sum(axis=0), targets[:, 0], rtol=1e-6)


def test_adding_baseline():
    targets = adding(10, 100_000, 0).targets
    assert ((targets - 1) ** 2).mean() == pytest.approx(ADDING_BASELINE, rel=0.01)
    assert targets.mean() == pytest.approx(1, abs=0.01)  # no constant does better


# Copy


@pytest.mark.parametrize("T", [1, 2, 50])
def test_copy_says_what_it_read(T):
    xs, targets = copy_memory(T, 200, 0)
    np.testing.assert_array_equal(xs.sum(axis=-1), 1)
    symbols = xs.argmax(axis=-1)
    assert set(np.unique(symbols[:10])) == set(range(8))
    np.testing.assert_array_equal(symbols[10 : T + 9], 8)
    np.testing.assert_array_equal(symbols[T + 9], 9)
    np.testing.assert_array_equal(symbols[T + 10 :], 8)
    np.testing.assert_array_equal(targets[: T + 10], 8)
    np.testing.assert_array_equal(targets[T + 10 :], symbols[:10])


@pytest.mark.parametrize("T", [1, 100])
def test_copy_baseline(T):
    """The best guess without memory: by the step alone, from the frequencies of a sample."""
    targets = copy_memory(T, 20_000, 0).targets
    frequencies = np.stack([(targets == s).mean(axis=1) for s in range(9)])
    entropy = -np.sum(frequencies * np.log(np.maximum(frequencies, 1e-300)), axis=0)
    assert entropy.mean() == pytest.approx(copy_baseline(T), rel=1e-3)


def test_copy_baseline_published():
    assert copy_baseline(100) == pytest.approx(0.1733, abs=5e-5)


# Temporal order


@pytest.mark.parametrize("T", [10, 19, 100, 205])
def test_temporal_order_tells_the_order(T):
    xs, targets = temporal_order(T, 2000, 0)
    np.testing.assert_array_equal(xs.sum(axis=-1), 1)
    symbols = xs.argmax(axis=-1)
    matters = symbols < 2
    np.testing.assert_array_equal(matters.sum(axis=0), 2)
    first, second = (symbols.T[matters.T].reshape(-1, 2)).T
    np.testing.assert_array_equal(targets, 2 * first + second)

    places = set(np.flatnonzero(matters.any(axis=1)))
    early = set(range(T // 10, 2 * T // 10))
    late = set(range(5 * T // 10, 6 * T // 10))
    assert places == early | late
    assert not early & late
    assert set(np.unique(symbols[~matters])) == {2, 3, 4, 5}


def test_temporal_order_baseline():
    """Guessing is right in a quarter of cases; who knows the first symbol alone, in half."""
    xs, targets = temporal_order(20, 40_000, 0)
    guesses = np.random.default_rng(1).integers(0, 4, targets.shape)
    assert (guesses == targets).mean() == pytest.approx(TEMPORAL_ORDER_BASELINE, abs=0.01)
    np.testing.assert_allclose(np.bincount(targets) / len(targets), 1 / 4, atol=0.01)
    first_is_y = (xs[:10, :, 1]).any(axis=0)
    assert (2 * first_is_y == targets).mean() == pytest.approx(1 / 2, abs=0.01)


# Delayed digits


def test_delayed_digits_are_rows_then_nothing():
    from sklearn.datasets import load_digits

    train, test = delayed_digits(5, 0)
    images = np.concatenate([train.xs[:8], test.xs[:8]], axis=1).transpose(1, 0, 2) * 16
    digits = load_digits()
    every = {(i.tobytes(), int(t)) for i, t in zip(digits.images, digits.target, strict=True)}
    got = {
        (i.astype(float).tobytes(), int(t))
        for i, t in zip(images, np.concatenate([train.targets, test.targets]), strict=True)
    }
    assert got == every
    assert len(images) == 1797
    for part in (train, test):
        np.testing.assert_array_equal(part.xs[8:], 0)
        assert part.xs.max() == 1


@pytest.mark.parametrize("held_out", [1, 360, 1796])
def test_delayed_digits_holds_out(held_out):
    train, test = delayed_digits(0, 0, held_out=held_out)
    assert train.xs.shape == (8, 1797 - held_out, 8)
    assert test.xs.shape == (8, held_out, 8)


def test_delayed_digits_baseline():
    train, test = delayed_digits(0, 0)
    targets = np.concatenate([train.targets, test.targets])
    guesses = np.random.default_rng(0).integers(0, 10, (200, len(targets)))
    assert (guesses == targets).mean() == pytest.approx(DIGITS_BASELINE, abs=0.002)
    assert np.bincount(targets).max() / len(targets) == pytest.approx(
        DIGITS_BASELINE, abs=0.003
    )


def test_delayed_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # import fails
    with pytest.raises(ImportError) as caught:
        delayed_digits(5, 0)
    assert str(caught.value) == (
        "delayed_digits needs scikit-learn, which holds the digits: "
        "install the package scikit-learn."
    )


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: adding(1, 5, 0),
            ValueError,
            "T must be a whole number of at least 2, got 1.",
        ),
        (
            lambda: copy_memory(0, 5, 0),
            ValueError,
            "T must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: copy_baseline(2.5),
            ValueError,
            "T must be a whole number of at least 1, got 2.5.",
        ),
        (
            lambda: temporal_order(9, 5, 0),
            ValueError,
            "T must be a whole number of at least 10, got 9.",
        ),
        (
            lambda: temporal_order(10, 0, 0),
            ValueError,
            "B must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: adding(10, 5, None),
            TypeError,
            "seed must be a whole number of at least 0 or a numpy Generator, got None.",
        ),
        (
            lambda: copy_memory(10, 5, -1),
            TypeError,
            "seed must be a whole number of at least 0 or a numpy Generator, got -1.",
        ),
        (
            lambda: delayed_digits(-1, 0),
            ValueError,
            "blanks must be a whole number of at least 0, got -1.",
        ),
        (
            lambda: delayed_digits(0, 0, held_out=1797),
            ValueError,
            "held_out must be a whole number from 1 to 1796, got 1797.",
        ),
    ],
)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence
