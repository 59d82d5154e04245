"""Gradients under the microscope: are they right, how long are they, how far do they reach.

`central_differences` proves a gradient right without knowing its formula. `clip_by_norm` and
`clip_by_value` shorten one that is too long. `gradient_norm_by_lag` shows what is left of a
gradient after k steps, which is the whole trouble with recurrent networks, and
`lstm_cell_path` what the LSTM does about it.

As everywhere, 0.0 stands for a bias that is left out, and so for its gradient.
"""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
from array_api_compat import array_namespace, device

from rnnlib._checks import check_arrays, check_choice
from rnnlib._types import Array, Carry, Step
from rnnlib.backward import _at, _map, backward_of
from rnnlib.params import LSTMParams
from rnnlib.scan import scan
from rnnlib.steps import lstm_gates, lstm_step


def central_differences(
    f: Callable[..., float], arrays: Sequence[np.ndarray], *, eps: float = 1e-5
) -> tuple[np.ndarray, ...]:
    """The gradients of f by central differences: two evaluations of f per entry.

        ∂f/∂a_j ≈ (f(a + ε e_j) - f(a - ε e_j)) / 2ε

    The error is ε² f'''/6 from the formula and about 1e-16 |f|/ε from the rounding, with
    ε = 1e-5 some 1e-10 in all. One-sided differences are off by ε f''/2: much more.

    Args:
        f: a function of the arrays, f(*arrays), that returns one number.
        arrays: NumPy arrays of float64, of any shape; they are not changed. With float32 the
            difference of two near numbers would leave only a few digits.
        eps: ε, a positive number.

    Returns:
        A tuple of gradients, each in the shape of its array.

    Raises TypeError for an array that is not float64, ValueError for an f that does not
    return one number.
    """
    if not eps > 0:
        raise ValueError(f"eps must be a positive number, got {eps!r}.")
    for k, array in enumerate(arrays):
        if not _left_out(array) and getattr(array, "dtype", None) != np.float64:
            got = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"arrays[{k}] must be a NumPy array of float64, got {got}.")
    work = [a if _left_out(a) else np.array(a) for a in arrays]

    def value():
        number = np.asarray(f(*work))
        if number.size != 1:
            raise ValueError(f"f must return one number, got shape {number.shape}.")
        return number.item()

    return tuple(a if _left_out(a) else _differences(value, a, eps) for a in work)


def _differences(value, array, eps):
    """The gradient of value() with respect to an array that it reads."""
    gradient = np.empty_like(array)
    for j in np.ndindex(array.shape):
        kept = array[j]
        array[j] = kept + eps
        above = value()
        array[j] = kept - eps
        below = value()
        array[j] = kept
        gradient[j] = (above - below) / (2 * eps)
    return gradient


def clip_by_norm(
    gradients: Sequence[Array], max_norm: float
) -> tuple[tuple[Array, ...], float]:
    """Shorten the gradients, taken together as one vector, to at most max_norm.

        ‖g‖ = √(Σ over all gradients of Σ g_j²)
        g ← g · min(1, max_norm / (‖g‖ + 1e-6))

    One factor for all: the direction stays (Pascanu et al. 2013). Equals
    `torch.nn.utils.clip_grad_norm_`, which has the same 1e-6, but returns new arrays, and
    takes a norm whose square overflows: exploding gradients are what it is for.

    Args:
        gradients: a list or tuple of arrays.
        max_norm: a positive number.

    Returns:
        The clipped gradients, a tuple, and ‖g‖ before clipping, a float. Watch the norm: one
        that is clipped at every step says that the learning rate is what max_norm makes it.

    Raises ValueError for NaN or infinity in a gradient: no factor would make it a direction.
    """
    _check_gradients(gradients)
    _check_positive("max_norm", max_norm)
    arrays = [g for g in gradients if not _left_out(g)]
    largest = max((float(array_namespace(g).max(abs(g))) for g in arrays), default=0.0)
    norm = 0.0
    if largest > 0:  # divided by it, no square overflows and none vanishes
        norm = largest * math.sqrt(sum(_sum_of_squares(g / largest) for g in arrays))
    factor = min(1.0, max_norm / (norm + 1e-6))
    return tuple(g * factor for g in gradients), norm


def clip_by_value(gradients: Sequence[Array], limit: float) -> tuple[Array, ...]:
    """Cut every entry of every gradient to the range from -limit to limit.

        g_j ← min(max(g_j, -limit), limit)

    Large entries are cut and small ones are not: the direction changes. Equals
    `torch.nn.utils.clip_grad_value_`, but returns new arrays.

    Args:
        gradients: a list or tuple of arrays.
        limit: a positive number.

    Returns:
        The clipped gradients, a tuple.

    Raises ValueError for NaN or infinity in a gradient.
    """
    _check_gradients(gradients)
    _check_positive("limit", limit)
    return tuple(
        g if _left_out(g) else array_namespace(g).clip(g, -limit, limit) for g in gradients
    )


def gradient_norm_by_lag(
    step: Step,
    carry: Carry,
    xs: Array,
    params: Sequence[Array],
    *,
    norm: str = "spectral",
    step_backward: Callable | None = None,
) -> Carry:
    """How much of a gradient is left after k steps back: ‖∂h_T/∂h_{T-k}‖ for k = 0 … T.

        ∂h_T/∂h_{T-k} = J_T · J_{T-1} ⋯ J_{T-k+1},     J_t = ∂h_t/∂h_{t-1}

    Exact, for any cell: the rows of the product are the gradients of the H entries of h_T,
    and all of them are sent back through the backward step together, side by side.

    Two norms of the product J answer two questions. The spectral norm, its largest singular
    value, is what the *most favoured* gradient is multiplied by; it is the one in the proofs.
    The root mean square ‖J‖_F/√H, with the Frobenius norm, is what a *random* gradient is
    multiplied by on average, E‖gᵀJ‖² = ‖J‖_F²/H for a random direction g of length 1; it is
    the one that measured gradients follow. For a random W_hh the two are far apart at first
    (lag 1 of the default initialisation: 1.1 and 0.56) and fall at the same rate.

    Args:
        step: a function (x_t, carry, *params) -> carry.
        carry: the state before the first step: (..., H), or a tuple of such.
        xs: (T, ..., I).
        params: what the step takes, such as RNNParams.
        norm: "spectral" or "rms".
        step_backward: the backward of the step, as `bptt` takes it; found by itself for the
            steps of rnnlib.

    Returns:
        norms (T + 1, ...): norms[k] at lag k, for each sequence of the batch by itself;
        norms[0] is 1, norms[T] belongs to the state before the first step. inf where the
        product has overflowed. For a carry that is a tuple, a tuple: for the LSTM
        ‖∂h_T/∂h_{T-k}‖ and ‖∂c_T/∂c_{T-k}‖, each with all the paths through both.

    Raises what the step raises.
    """
    check_choice("norm", norm, ("spectral", "rms"))
    step_backward = step_backward or backward_of(step)
    states = scan(step, carry, xs, *params)
    T, pair = xs.shape[0], isinstance(carry, tuple | list)
    before = [carry, *(_at(states, t) for t in range(T - 1))]

    def norms_of(n):
        """For the n-th state of the carry; its H rows lie along a new first axis."""
        H = (carry[n] if pair else carry).shape[-1]
        rows = _identity(carry, n)
        norms = [_norm(rows[n] if pair else rows, norm)]
        for t in reversed(range(T)):
            h_prev = _map(lambda s: _repeat(s, H), before[t])
            _, rows, *_ = step_backward(rows, _repeat(xs[t, ...], H), h_prev, *params)
            norms.append(_norm(rows[n] if pair else rows, norm))
        return array_namespace(xs).stack(norms, axis=0)

    return tuple(map(norms_of, range(len(carry)))) if pair else norms_of(0)


def _repeat(array, H):
    """(..., N) side by side H times: (H, ..., N)."""
    return array_namespace(array).broadcast_to(array, (H, *array.shape))


def _identity(carry, n):
    """∂s/∂carry for the n-th state s of a carry: the identity for s itself, zero for others."""
    states = carry if isinstance(carry, tuple | list) else (carry,)
    s = states[n]
    xp, H = array_namespace(s), s.shape[-1]
    eye = xp.reshape(xp.eye(H, dtype=s.dtype, device=device(s)), (H, *[1] * (s.ndim - 1), H))
    rows = [xp.zeros_like(_repeat(s, H)) for s in states]
    rows[n] = rows[n] + eye
    return tuple(rows) if isinstance(carry, tuple | list) else rows[0]


def _norm(rows, norm):
    """The norm of the matrix J for each sequence; rows (H, ..., H) with J's rows first."""
    xp = array_namespace(rows)
    J = xp.moveaxis(rows, 0, -2)
    finite = xp.all(xp.isfinite(J), axis=(-2, -1), keepdims=True)
    J = xp.where(finite, J, xp.zeros_like(J))
    largest = xp.max(abs(J), axis=(-2, -1), keepdims=True)
    scale = xp.where(largest > 0, largest, xp.ones_like(largest))  # no square underflows
    if norm == "spectral":
        size = xp.linalg.matrix_norm(J / scale, ord=2, keepdims=True)
    else:
        size = xp.linalg.matrix_norm(J / scale, ord="fro", keepdims=True) / J.shape[-1] ** 0.5
    size = xp.where(finite, size * scale, xp.full_like(scale, math.inf))
    return size[..., 0, 0]


def spectral_radius(W: Array) -> float:
    """The largest |λ| of the eigenvalues λ of W (H, H): what ‖Wᵏ‖^(1/k) tends to.

    Below 1 the powers of W vanish in the end, above 1 they explode. For entries drawn from
    U(-1/√H, 1/√H), variance 1/(3H), it tends to 1/√3 = 0.577 as H grows (the circular law);
    at H = 128 it is 0.60 ± 0.02. It is no norm: W can stretch a vector for some steps,
    by up to its largest singular value, before its powers vanish.
    """
    xp = check_arrays(W=(W, "H H"))
    return float(xp.max(abs(xp.linalg.eigvals(W))))


def lstm_cell_path(carry: tuple[Array, Array], xs: Array, params: LSTMParams) -> Array:
    """The direct path through the cell of the LSTM, the product of its forget gates.

        c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t       hence, with the gates held constant,
        ∂c_T/∂c_{T-k} = f_T ⊙ f_{T-1} ⊙ ⋯ ⊙ f_{T-k+1}

    No weight matrix is in it, and no tanh': with f near 1 a gradient goes back unharmed. With
    zero weights and a forget bias b it is σ(b)ᵏ: after 50 steps 8.9e-16 for b = 0, 1.6e-7
    for b = 1, 1.8e-3 for b = 2.

    Args:
        carry: (h_0, c_0), each (..., H).
        xs: (T, ..., I).
        params: LSTMParams.

    Returns:
        path (T + 1, ..., H): path[k] is the product of the last k forget gates, path[0] is 1.
    """
    hs, _ = scan(lstm_step, carry, xs, *params)
    xp = array_namespace(xs)
    before = xp.concat([xp.expand_dims(carry[0], axis=0), hs[:-1, ...]], axis=0)
    f = lstm_gates(xs, before, *params).f_t  # (T, ..., H), all steps at once
    last_first = (f[t, ...] for t in reversed(range(f.shape[0])))
    path = accumulate(last_first, lambda a, b: a * b, initial=xp.ones_like(f[0, ...]))
    return xp.stack(list(path), axis=0)


def _left_out(value):
    return isinstance(value, float) and value == 0.0


def _sum_of_squares(array):
    return float(array_namespace(array).sum(array * array))


def _check_gradients(gradients):
    if not isinstance(gradients, tuple | list):
        raise TypeError(
            f"gradients must be a list or tuple of arrays, got {type(gradients).__name__}."
        )
    for k, g in enumerate(gradients):
        if _left_out(g):
            continue
        xp = check_arrays(**{f"gradients[{k}]": (g, "...")})
        if not xp.all(xp.isfinite(g)):
            raise ValueError(f"gradients[{k}] must be finite, got NaN or infinity in it.")


def _check_positive(name, value):
    if not value > 0:
        raise ValueError(f"{name} must be a positive number, got {value!r}.")
