"""One step of each recurrent cell, as a pure function: the formulas of the course.

A step knows nothing of time, of training or of a library: it takes the input x_t and what
the cell carries from the step before, and returns what it carries to the next one. The
same source runs on NumPy, on torch on a CPU and on torch on a GPU.

Shapes: I inputs, H hidden units; `...` is any number of leading axes, usually the batch.
Weights are (out, in), as on the page and in torch, hence the `.T`. Gates that share their
inputs are stacked as blocks of rows, in torch's order, so that torch's weights fit as they
are. A bias that is left out is 0.0.
"""

from typing import Any, NamedTuple

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays, check_choice
from rnnlib._types import Array


def sigmoid(a: Array) -> Array:
    """σ(a) = 1 / (1 + e^{-a}), element by element, for any size of a.

    Computed as e^{-log(1 + e^{-a})}: nothing overflows for a ≪ 0, no digit is lost in the
    tail, and the derivative at 0 is right under automatic differentiation, which it is not
    for the usual form with |a|.
    """
    return _sigmoid(a, check_arrays(a=(a, None)))


def relu(a: Array) -> Array:
    """max(a, 0), element by element; NaN stays NaN, the derivative at 0 is 0, as in torch."""
    xp = check_arrays(a=(a, None))
    return xp.where(a <= 0, xp.zeros_like(a), a)


ACTIVATIONS = {
    "tanh": lambda a: array_namespace(a).tanh(a),
    "relu": relu,
    "sigmoid": sigmoid,
    "identity": lambda a: a,
}


def rnn_step(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
    *,
    activation: str = "tanh",
) -> Array:
    """The simple recurrent cell (Elman 1990): the new hidden state.

        h_t = σ(W_xh x_t + W_hh h_{t-1} + b_h),   σ = tanh or ReLU

    Args:
        x_t: (..., I), the input of this step.
        h_prev: (..., H), the hidden state h_{t-1}.
        W_xh: (H, I).
        W_hh: (H, H).
        b_h: (H,), or 0.0 for none.
        activation: "tanh" or "relu".

    Returns:
        h_t: (..., H).

    Equals `torch.nn.RNNCell` with b_h = bias_ih + bias_hh.
    """
    check_choice("activation", activation, ("tanh", "relu"))
    _check_cell(1, x_t, h_prev, W_xh, W_hh, b_h)
    return ACTIVATIONS[activation](x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def rnn_output(
    h_t: Array, W_hy: Array, b_y: Array | float = 0.0, *, activation: str = "tanh"
) -> Array:
    """What the network says at step t, read from its hidden state.

        y_t = σ(W_hy h_t + b_y)

    Args:
        h_t: (..., H).
        W_hy: (O, H).
        b_y: (O,), or 0.0 for none.
        activation: "tanh", "relu", "sigmoid", or "identity" where the loss takes raw scores.

    Returns:
        y_t: (..., O).
    """
    check_choice("activation", activation, tuple(ACTIVATIONS))
    check_arrays(h_t=(h_t, "... H"), W_hy=(W_hy, "O H"), b_y=(b_y, "O"))
    return ACTIVATIONS[activation](h_t @ W_hy.T + b_y)


def gate(
    x_t: Array, h_prev: Array, W: Array, b: Array | float = 0.0, *, activation: str = "sigmoid"
) -> Array:
    """One gate in the form of the textbooks, with one matrix for both inputs.

        σ(W · [h_{t-1}, x_t] + b)

    The forget gate is `gate(x_t, h_prev, W_f, b_f)`, the candidate
    `gate(x_t, h_prev, W_C, b_C, activation="tanh")`. `lstm_gates` computes all four at once.

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W: (H, H + I); its first H columns meet h_{t-1}.
        b: (H,), or 0.0 for none.
        activation: "sigmoid" or "tanh".

    Returns:
        (..., H).
    """
    check_choice("activation", activation, ("sigmoid", "tanh"))
    xp = check_arrays(h_prev=(h_prev, "... H"), x_t=(x_t, "... I"), W=(W, "H H+I"), b=(b, "H"))
    h_and_x = xp.concat([h_prev, x_t], axis=-1)
    return ACTIVATIONS[activation](h_and_x @ W.T + b)


def lstm_cell_update(f_t: Array, i_t: Array, c_tilde: Array, c_prev: Array) -> Array:
    """The new cell state of the LSTM: what is kept, plus what is written.

        c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t

    Args:
        f_t, i_t, c_tilde, c_prev: (..., H) each.

    Returns:
        c_t: (..., H).
    """
    shapes = {"f_t": f_t, "i_t": i_t, "c_tilde": c_tilde, "c_prev": c_prev}
    check_arrays(**{name: (value, "... H") for name, value in shapes.items()})
    return _cell_update(f_t, i_t, c_tilde, c_prev)


def lstm_hidden_state(o_t: Array, c_t: Array) -> Array:
    """What the LSTM shows of its cell state.

        h_t = o_t ⊙ tanh(c_t)

    Args:
        o_t, c_t: (..., H) each.

    Returns:
        h_t: (..., H).
    """
    return _hidden_state(o_t, c_t, check_arrays(o_t=(o_t, "... H"), c_t=(c_t, "... H")))


class LSTMGates(NamedTuple):
    """What the LSTM decides at one step, each (..., H), in the order of the weight rows."""

    i_t: Any  # input gate: how much of the candidate to write
    f_t: Any  # forget gate: how much of the cell to keep
    c_tilde: Any  # candidate: what to write
    o_t: Any  # output gate: how much of the cell to show


def lstm_gates(
    x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array | float = 0.0
) -> LSTMGates:
    """The three gates and the candidate of the LSTM.

        i_t = σ(W_xi x_t + W_hi h_{t-1} + b_i)        f_t, o_t likewise
        c̃_t = tanh(W_xc x_t + W_hc h_{t-1} + b_c)

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W_xh: (4H, I), blocks of H rows in torch's order i, f, c̃, o.
        W_hh: (4H, H), likewise.
        b_h: (4H,), likewise, or 0.0 for none.

    Returns:
        LSTMGates(i_t, f_t, c_tilde, o_t), each (..., H).
    """
    xp = _check_cell(4, x_t, h_prev, W_xh, W_hh, b_h)
    a_i, a_f, a_c, a_o = _blocks(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4)
    return LSTMGates(_sigmoid(a_i, xp), _sigmoid(a_f, xp), xp.tanh(a_c), _sigmoid(a_o, xp))


def lstm_step(
    x_t: Array, carry: tuple[Array, Array], W_xh: Array, W_hh: Array, b_h: Array | float = 0.0
) -> tuple[Array, Array]:
    """The LSTM cell with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).

        c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t
        h_t = o_t ⊙ tanh(c_t)

    Args:
        x_t: (..., I).
        carry: (h_{t-1}, c_{t-1}), each (..., H).
        W_xh: (4H, I), blocks of H rows in torch's order i, f, c̃, o.
        W_hh: (4H, H), likewise.
        b_h: (4H,), likewise, or 0.0 for none.

    Returns:
        (h_t, c_t), each (..., H).

    Equals `torch.nn.LSTMCell` with b_h = bias_ih + bias_hh.
    """
    h_prev, c_prev = _pair("carry", carry)
    xp = check_arrays(h_prev=(h_prev, "... H"), c_prev=(c_prev, "... H"))
    i_t, f_t, c_tilde, o_t = lstm_gates(x_t, h_prev, W_xh, W_hh, b_h)
    c_t = _cell_update(f_t, i_t, c_tilde, c_prev)
    return _hidden_state(o_t, c_t, xp), c_t


def lstm_1997_step(
    x_t: Array, carry: tuple[Array, Array], W_xh: Array, W_hh: Array, b_h: Array | float = 0.0
) -> tuple[Array, Array]:
    """The LSTM cell as first published, without a forget gate (Hochreiter & Schmidhuber 1997).

        c_t = c_{t-1} + i_t ⊙ c̃_t
        h_t = o_t ⊙ tanh(c_t)

    The cell can only add: it never forgets, and over a long stream it grows without limit.
    The paper squashes with scaled logistic functions; here it is tanh, as today.

    Args:
        x_t: (..., I).
        carry: (h_{t-1}, c_{t-1}), each (..., H).
        W_xh: (3H, I), blocks of H rows in the order i, c̃, o.
        W_hh: (3H, H), likewise.
        b_h: (3H,), likewise, or 0.0 for none.

    Returns:
        (h_t, c_t), each (..., H). Equals `lstm_step` with f_t = 1.
    """
    h_prev, c_prev = _pair("carry", carry)
    xp = _check_cell(3, x_t, h_prev, W_xh, W_hh, b_h, c_prev=(c_prev, "... H"))
    a_i, a_c, a_o = _blocks(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 3)
    c_t = c_prev + _sigmoid(a_i, xp) * xp.tanh(a_c)
    return _hidden_state(_sigmoid(a_o, xp), c_t, xp), c_t


def peephole_lstm_step(
    x_t: Array,
    carry: tuple[Array, Array],
    W_xh: Array,
    W_hh: Array,
    p: Array,
    b_h: Array | float = 0.0,
) -> tuple[Array, Array]:
    """The LSTM cell whose gates also see the cell (Gers & Schmidhuber 2000).

        i_t = σ(W_xi x_t + W_hi h_{t-1} + p_i ⊙ c_{t-1} + b_i)        f_t likewise, with p_f
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t                              c̃_t as in lstm_gates
        o_t = σ(W_xo x_t + W_ho h_{t-1} + p_o ⊙ c_t + b_o)            sees the new cell
        h_t = o_t ⊙ tanh(c_t)

    Args:
        x_t: (..., I).
        carry: (h_{t-1}, c_{t-1}), each (..., H).
        W_xh: (4H, I), blocks of H rows in torch's order i, f, c̃, o.
        W_hh: (4H, H), likewise.
        p: (3H,), the peepholes p_i, p_f, p_o: each unit's gates see its own cell alone.
        b_h: (4H,), or 0.0 for none.

    Returns:
        (h_t, c_t), each (..., H). Equals `lstm_step` for p = 0.
    """
    h_prev, c_prev = _pair("carry", carry)
    more = {"c_prev": (c_prev, "... H"), "p": (p, "3H")}
    xp = _check_cell(4, x_t, h_prev, W_xh, W_hh, b_h, **more)
    a_i, a_f, a_c, a_o = _blocks(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4)
    p_i, p_f, p_o = _blocks(p, 3)
    i_t = _sigmoid(a_i + p_i * c_prev, xp)
    f_t = _sigmoid(a_f + p_f * c_prev, xp)
    c_t = _cell_update(f_t, i_t, xp.tanh(a_c), c_prev)
    o_t = _sigmoid(a_o + p_o * c_t, xp)
    return _hidden_state(o_t, c_t, xp), c_t


def gru_step(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
    b_hn: Array | float = 0.0,
    *,
    reset: str = "after",
) -> Array:
    """The gated recurrent unit (Cho et al. 2014), in either of its two conventions.

        r_t = σ(W_xr x_t + W_hr h_{t-1} + b_r)
        z_t = σ(W_xz x_t + W_hz h_{t-1} + b_z)
        n_t = tanh(W_xn x_t + b_n + r_t ⊙ (W_hn h_{t-1} + b_hn))     reset after the product
        n_t = tanh(W_xn x_t + b_n + W_hn (r_t ⊙ h_{t-1}))            reset before the product
        h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}

    Reset before the product is the form of the paper; reset after it is the form of cuDNN
    and of `torch.nn.GRU`, where one matrix product serves all three gates. They are
    different functions: weights trained in one do not serve in the other.

    Args:
        x_t: (..., I).
        h_prev: (..., H).
        W_xh: (3H, I), blocks of H rows in torch's order r, z, n.
        W_hh: (3H, H), likewise.
        b_h: (3H,), likewise, or 0.0 for none.
        b_hn: (H,), the bias inside the reset product, or 0.0; reset "after" only.
        reset: "after" or "before".

    Returns:
        h_t: (..., H).

    Equals `torch.nn.GRUCell` for reset "after"; see `rnnlib.gru_from_torch` for its biases.
    """
    check_choice("reset", reset, ("after", "before"))
    if reset == "before" and not isinstance(b_hn, float):
        raise ValueError('b_hn must be left out when reset="before": there is no such bias.')
    xp = _check_cell(3, x_t, h_prev, W_xh, W_hh, b_h, b_hn=(b_hn, "H"))
    H = h_prev.shape[-1]
    W_hrz, W_hn = W_hh[: 2 * H, :], W_hh[2 * H :, :]
    x_r, x_z, x_n = _blocks(x_t @ W_xh.T + b_h, 3)
    h_r, h_z = _blocks(h_prev @ W_hrz.T, 2)
    r_t = _sigmoid(x_r + h_r, xp)
    z_t = _sigmoid(x_z + h_z, xp)
    if reset == "after":
        n_t = xp.tanh(x_n + r_t * (h_prev @ W_hn.T + b_hn))
    else:
        n_t = xp.tanh(x_n + (r_t * h_prev) @ W_hn.T)
    return (1 - z_t) * n_t + z_t * h_prev


# The formulas without a look at their arguments, for those that have looked.


def _sigmoid(a, xp):
    return xp.exp(-xp.logaddexp(xp.zeros_like(a), -a))


def _cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + i_t * c_tilde


def _hidden_state(o_t, c_t, xp):
    return o_t * xp.tanh(c_t)


def _check_cell(gates, x_t, h_prev, W_xh, W_hh, b_h, **more):
    """What all cells ask of their arguments; `gates` blocks of H rows in each weight."""
    rows = "H" if gates == 1 else f"{gates}H"
    return check_arrays(
        x_t=(x_t, "... I"),
        h_prev=(h_prev, "... H"),
        W_xh=(W_xh, f"{rows} I"),
        W_hh=(W_hh, f"{rows} H"),
        b_h=(b_h, rows),
        **more,
    )


def _blocks(a, n):
    """Cut the last axis into n equal blocks, one per gate."""
    H = a.shape[-1] // n
    return tuple(a[..., k * H : (k + 1) * H] for k in range(n))


def _pair(name, value):
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(
            f"{name} must be the pair (h_prev, c_prev), got {type(value).__name__}."
        )
    return value
