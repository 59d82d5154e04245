"""minGRU and minLSTM (Feng et al. 2024): gates that look at the input alone.

Take the state out of the gates, and the cell becomes linear in its state: all steps can be
computed at once by `rnnlib.scan.linear_scan`. Each cell stands here twice, as a step and as
a whole sequence, proven equal. The candidate is linear (section 3 of the paper), or
positive by the function g (its appendix B), and then the sequence is computed in logarithms.

    g(a) = a + 0.5 for a ≥ 0,   σ(a) for a < 0

The carried state is used as it is. Applying g to it, as a public implementation does, makes
a sequence cut into chunks differ from the whole.
"""

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays, check_choice
from rnnlib._types import Array
from rnnlib.scan import linear_scan, log_linear_scan
from rnnlib.steps import _blocks, sigmoid


def min_gru_step(
    x_t: Array, h_prev: Array, W_x: Array, b: Array | float = 0.0, *, candidate: str = "linear"
) -> Array:
    """One step of the minGRU.

        z_t = σ(W_z x_t + b_z)
        h̃_t = W_h x_t + b_h,  or g of it
        h_t = (1 - z_t) ⊙ h_{t-1} + z_t ⊙ h̃_t

    Note that z_t is the weight of the *new* value here, as in the paper; in
    `rnnlib.gru_step` it is the weight of the old one.

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W_x: (2H, I), blocks of H rows in the order z, h̃.
        b: (2H,), likewise, or 0.0 for none.
        candidate: "linear" or "positive".

    Returns:
        h_t: (..., H).
    """
    _check(x_t, h_prev, W_x, b, 2, candidate)
    z, h_tilde = _blocks(x_t @ W_x.T + b, 2)
    z_t = sigmoid(z)
    return (1 - z_t) * h_prev + z_t * _CANDIDATES[candidate](h_tilde)


def min_gru_sequence(
    xs: Array, h_0: Array, W_x: Array, b: Array | float = 0.0, *, candidate: str = "linear"
) -> Array:
    """The minGRU along a whole sequence, all steps at once.

    Args:
        xs: (T, ..., I).
        h_0: (..., H); greater than 0 for the positive candidate.
        W_x, b, candidate: as for `min_gru_step`.

    Returns:
        hs: (T, ..., H), equal to `scan(min_gru_step, h_0, xs, W_x, b)`.
    """
    _check(xs[0, ...], h_0, W_x, b, 2, candidate)
    z, h_tilde = _blocks(xs @ W_x.T + b, 2)
    if candidate == "linear":
        return linear_scan(sigmoid(-z), sigmoid(z) * h_tilde, h_0)
    log_keep, log_take = _log_sigmoid(-z), _log_sigmoid(z)
    return _exp_scan(log_keep, log_take + _log_g(h_tilde), h_0)


def min_lstm_step(
    x_t: Array, h_prev: Array, W_x: Array, b: Array | float = 0.0, *, candidate: str = "linear"
) -> Array:
    """One step of the minLSTM, with gates that sum to 1.

        f_t = σ(W_f x_t + b_f),   i_t = σ(W_i x_t + b_i)
        h̃_t = W_h x_t + b_h,  or g of it
        h_t = (f_t ⊙ h_{t-1} + i_t ⊙ h̃_t) / (f_t + i_t)

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W_x: (3H, I), blocks of H rows in the order f, i, h̃.
        b: (3H,), likewise, or 0.0 for none.
        candidate: "linear" or "positive".

    Returns:
        h_t: (..., H).
    """
    _check(x_t, h_prev, W_x, b, 3, candidate)
    f, i, h_tilde = _blocks(x_t @ W_x.T + b, 3)
    keep = sigmoid(_log_sigmoid(f) - _log_sigmoid(i))
    return keep * h_prev + (1 - keep) * _CANDIDATES[candidate](h_tilde)


def min_lstm_sequence(
    xs: Array, h_0: Array, W_x: Array, b: Array | float = 0.0, *, candidate: str = "linear"
) -> Array:
    """The minLSTM along a whole sequence, all steps at once.

    Args:
        xs: (T, ..., I).
        h_0: (..., H); greater than 0 for the positive candidate.
        W_x, b, candidate: as for `min_lstm_step`.

    Returns:
        hs: (T, ..., H), equal to `scan(min_lstm_step, h_0, xs, W_x, b)`.
    """
    _check(xs[0, ...], h_0, W_x, b, 3, candidate)
    f, i, h_tilde = _blocks(xs @ W_x.T + b, 3)
    odds = _log_sigmoid(f) - _log_sigmoid(i)  # f/(f+i) = σ(log f - log i)
    if candidate == "linear":
        return linear_scan(sigmoid(odds), sigmoid(-odds) * h_tilde, h_0)
    return _exp_scan(_log_sigmoid(odds), _log_sigmoid(-odds) + _log_g(h_tilde), h_0)


def _log_sigmoid(a):
    """log σ(a) = -log(1 + e^{-a})."""
    xp = array_namespace(a)
    return -xp.logaddexp(xp.zeros_like(a), -a)


def _g(a):
    """g(a) > 0: a + 0.5 for a ≥ 0, σ(a) for a < 0; continuous, with a kink at 0."""
    xp = array_namespace(a)
    return xp.where(a >= 0, a + 0.5, sigmoid(a))


def _log_g(a):
    xp = array_namespace(a)
    positive = xp.where(a >= 0, a, xp.zeros_like(a))  # keeps log away from what is not taken
    return xp.where(a >= 0, xp.log(positive + 0.5), _log_sigmoid(a))


_CANDIDATES = {"linear": lambda a: a, "positive": _g}


def _exp_scan(log_a, log_b, h_0):
    xp = array_namespace(h_0)
    if not bool(xp.all(h_0 > 0)):
        raise ValueError('h_0 must be greater than 0 for candidate="positive".')
    return xp.exp(log_linear_scan(log_a, log_b, xp.log(h_0)))


def _check(x_t, h_prev, W_x, b, gates, candidate):
    check_choice("candidate", candidate, tuple(_CANDIDATES))
    rows = f"{gates}H"
    check_arrays(
        x_t=(x_t, "... I"), h_prev=(h_prev, "... H"), W_x=(W_x, f"{rows} I"), b=(b, rows)
    )
