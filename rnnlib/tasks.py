"""Tasks that ask for memory and nothing else, each as long as one likes.

Each function draws a batch: NumPy arrays, time first, float32 inputs as torch's modules take
them (`torch.from_numpy(batch.xs)`), whole numbers as int64. `seed` is a whole number, or a
`numpy.random.Generator` that goes on where it stopped: one generator for a training run gives
fresh sequences at every call.

Beside each task stands what one can reach with no memory at all. A network that does no
better has learned nothing.
"""

import math
from typing import Any, NamedTuple

import numpy as np


class Batch(NamedTuple):
    """B sequences xs (T, B, I), and what is to be said of them; the tasks say its shape."""

    xs: Any
    targets: Any


class Split(NamedTuple):
    """Two batches with no sequence in common."""

    train: Batch
    test: Batch


ADDING_BASELINE = 1 / 6
"""Mean squared error of the answer 1 in `adding`: 2 · Var U(0, 1) = 2 · 1/12."""

TEMPORAL_ORDER_BASELINE = 1 / 4
"""Share of right answers by guessing in `temporal_order`: four classes, equally likely."""

DIGITS_BASELINE = 1 / 10
"""Share of right answers by guessing in `delayed_digits`: ten digits, about equally many."""


def adding(T: int, B: int, seed: int | np.random.Generator) -> Batch:
    """The adding problem: add the two numbers that are marked, forget the others.

    At each step a number from U(0, 1) and a mark, which is 1 at one random step of the first
    half and at one of the second, and 0 elsewhere.

    Hochreiter & Schmidhuber (1997), in the form in use since Le, Jaitly & Hinton (2015). The
    original draws from U(-1, 1), marks one of the first 10 steps and one of the first T/2,
    and asks for 1/2 + (X_1 + X_2)/4.

    Args:
        T: the length, at least 2.
        B: the number of sequences.
        seed: a whole number, or a numpy Generator.

    Returns:
        Batch(xs, targets): xs (T, B, 2), number and mark; targets (B, 1), the sums, in a
        column like the output of a linear layer.

    Predicting the mean, 1, has the error `ADDING_BASELINE`.
    """
    _check_size("T", T, 2)
    _check_size("B", B, 1)
    rng = _generator(seed)
    xs = np.zeros((T, B, 2), dtype="float32")
    xs[..., 0] = rng.random((T, B), dtype="float32")
    each = np.arange(B)
    first, second = rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)
    xs[first, each, 1] = xs[second, each, 1] = 1
    return Batch(xs, (xs[first, each, :1] + xs[second, each, :1]))


def copy_memory(T: int, B: int, seed: int | np.random.Generator) -> Batch:
    """The copy task: read ten symbols, wait for T steps, say them.

        step       1 … 10      11 … T+9      T+10         T+11 … T+20
        input      symbols     blank         go           blank
        target     blank       blank         blank        the same symbols

    Eight symbols, 0 to 7; the blank is 8, go is 9 (Hochreiter & Schmidhuber 1997; in this
    form Arjovsky, Shah & Bengio 2016).

    Args:
        T: how long to wait, at least 1.
        B: the number of sequences.
        seed: a whole number, or a numpy Generator.

    Returns:
        Batch(xs, targets): xs (T + 20, B, 10), one-hot; targets (T + 20, B), whole numbers
        from 0 to 8.

    Without a memory the cross-entropy is `copy_baseline(T)`.
    """
    _check_size("T", T, 1)
    _check_size("B", B, 1)
    symbols = _generator(seed).integers(0, 8, (10, B))
    inputs = np.full((T + 20, B), 8)
    inputs[:10] = symbols
    inputs[T + 9] = 9
    targets = np.full((T + 20, B), 8)
    targets[T + 10 :] = symbols
    return Batch(_one_hot(inputs, 10), targets)


def copy_baseline(T: int) -> float:
    """Mean cross-entropy in `copy_memory` with no memory, in nats: 10 · ln 8 / (T + 20).

    The blanks are certain; each of the ten symbols costs ln 8, one of eight at random.
    """
    _check_size("T", T, 1)
    return 10 * math.log(8) / (T + 20)


def temporal_order(T: int, B: int, seed: int | np.random.Generator) -> Batch:
    """Temporal order: two symbols matter, each X or Y; which came first, which second?

    One of X, Y stands in the second tenth of the sequence, at a step from T/10 to 2T/10, and
    one in the sixth, from 5T/10 to 6T/10. All other steps hold one of four symbols that mean
    nothing. The class is told at the end: XX, XY, YX or YY.

    Hochreiter & Schmidhuber (1997), experiment 6a, at a fixed length as in the code of
    Pascanu, Mikolov & Bengio (2013). The original has a symbol more at the start and at the
    end, and a random length from 100 to 110.

    Args:
        T: the length, at least 10.
        B: the number of sequences.
        seed: a whole number, or a numpy Generator.

    Returns:
        Batch(xs, targets): xs (T, B, 6), one-hot, X and Y first; targets (B,), 0 for XX, 1 for
        XY, 2 for YX, 3 for YY.

    Guessing is right with the share `TEMPORAL_ORDER_BASELINE`.
    """
    _check_size("T", T, 10)
    _check_size("B", B, 1)
    rng = _generator(seed)
    symbols = rng.integers(2, 6, (T, B))
    first, second = rng.integers(0, 2, B), rng.integers(0, 2, B)
    each = np.arange(B)
    symbols[rng.integers(T // 10, 2 * T // 10, B), each] = first
    symbols[rng.integers(5 * T // 10, 6 * T // 10, B), each] = second
    return Batch(_one_hot(symbols, 6), 2 * first + second)


def delayed_digits(
    blanks: int, seed: int | np.random.Generator, *, held_out: int = 360
) -> Split:
    """Handwritten digits, row by row, then nothing: name the digit after the wait.

    The 1,797 digits of 8 × 8 pixels that come with scikit-learn (UCI, Alpaydin & Kaynak
    1998): a step is a row, and after the 8 rows come blank steps. How long the wait is, is how
    long the memory must be.

    Args:
        blanks: the number of blank steps, 0 or more.
        seed: a whole number, or a numpy Generator; it decides which digits are held out.
        held_out: how many digits go to the test batch, from 1 to 1796. The same people wrote
            digits of both batches: no writer is told.

    Returns:
        Split(train, test), each a Batch(xs, targets): xs (8 + blanks, B, 8), ink from 0 to 1;
        targets (B,), the digits.

    Guessing is right with the share `DIGITS_BASELINE`.

    Raises ImportError without scikit-learn.
    """
    _check_size("blanks", blanks, 0)
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            "delayed_digits needs scikit-learn, which holds the digits: "
            "install the package scikit-learn."
        ) from None
    rng = _generator(seed)
    digits = load_digits()
    N = len(digits.target)
    if not isinstance(held_out, int) or not 1 <= held_out < N:
        raise ValueError(
            f"held_out must be a whole number from 1 to {N - 1}, got {held_out!r}."
        )
    order = rng.permutation(N)
    xs = np.zeros((8 + blanks, N, 8), dtype="float32")
    xs[:8] = digits.images.transpose(1, 0, 2) / 16
    test, train = order[:held_out], order[held_out:]
    return Split(
        *(Batch(xs[:, part], digits.target[part].astype("int64")) for part in (train, test))
    )


def _one_hot(symbols, size):
    return np.eye(size, dtype="float32")[symbols]


def _generator(seed):
    if isinstance(seed, np.random.Generator):
        return seed
    if not isinstance(seed, int) or seed < 0:
        raise TypeError(
            f"seed must be a whole number of at least 0 or a numpy Generator, got {seed!r}."
        )
    return np.random.default_rng(seed)


def _check_size(name, value, least):
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")
