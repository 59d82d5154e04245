"""Where training starts: the weights before the first step, and how many there are.

Every function that draws takes `rng`, a `numpy.random.Generator`, and draws from nothing
else: the same generator in the same state gives the same weights. The weights come as
RNNParams, LSTMParams or GRUParams of NumPy arrays in float64; `rnnlib.lstm_to_torch` and its
like take them to torch.

    params = forget_bias(orthogonal(LSTMParams, I, H, rng), 1.0)
"""

import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from array_api_compat import array_namespace, device

from rnnlib._checks import check_arrays, check_choice
from rnnlib._types import Array
from rnnlib.params import GRUParams, LSTMParams, RNNParams, gru_from_torch

GATES = {RNNParams: 1, LSTMParams: 4, GRUParams: 3}

Weights = TypeVar("Weights", RNNParams, LSTMParams, GRUParams)


def uniform(Params: type[Weights], I: int, H: int, rng: np.random.Generator) -> Weights:
    """Every weight from U(-1/√H, 1/√H): what torch does unless told otherwise.

    Torch has two biases, b_ih and b_hh, so b_h is the sum of two such draws, as torch's cell
    sees it; the GRU's b_hn and the b_n beside it are one draw each.

    The variance is 1/(3H), so W_hh stretches a random vector by 1/√3 = 0.58 at each step.

    Args:
        Params: RNNParams, LSTMParams or GRUParams.
        I: the number of inputs.
        H: the number of hidden units.
        rng: a numpy Generator.

    Returns:
        Params of arrays.
    """
    G = _check(Params, I, H, rng)
    W_xh, W_hh, b_ih, b_hh = (
        _uniform(rng, H, *shape) for shape in [(G * H, I), (G * H, H), (G * H,), (G * H,)]
    )
    if Params is GRUParams:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return gru_from_torch(dict(zip(names, (W_xh, W_hh, b_ih, b_hh), strict=True)))
    return Params(W_xh, W_hh, b_ih + b_hh)


def orthogonal(
    Params: type[Weights], I: int, H: int, rng: np.random.Generator, *, gain: float = 1.0
) -> Weights:
    """W_hh orthogonal, gate by gate: each block of H rows is gain · Q with Qᵀ Q = I.

    Q turns a vector and does not change its length: all singular values of gain · Q are gain
    (Saxe et al. 2014). W_xh is drawn as by `uniform`, and biases are zero.

    Each gate has a Q of its own. `torch.nn.init.orthogonal_` on the stacked weight_hh_l0
    (4H, H) does another thing: it makes the columns of the whole stack orthonormal, so every
    gate gets a piece that shortens vectors, to 1/2 on average.

    Args:
        Params: RNNParams, LSTMParams or GRUParams.
        I: the number of inputs.
        H: the number of hidden units.
        rng: a numpy Generator.
        gain: a factor.

    Returns:
        Params of arrays.
    """
    G = _check(Params, I, H, rng)
    W_xh = _uniform(rng, H, G * H, I)
    W_hh = np.concatenate([gain * orthogonal_matrix(H, rng) for _ in range(G)])
    biases = [np.zeros(G * H)] + ([np.zeros(H)] if Params is GRUParams else [])
    return Params(W_xh, W_hh, *biases)


def orthogonal_matrix(H: int, rng: np.random.Generator) -> np.ndarray:
    """A random orthogonal matrix (H, H), every one as likely as every other.

        A = Q R,   A_jk ~ N(0, 1),   Q ← Q · sign(diag R)

    Without the signs Q would depend on how the QR algorithm chooses them, and would not be
    uniform (Mezzadri 2007).
    """
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.sign(np.diag(R))


def identity(I: int, H: int, rng: np.random.Generator, *, scale: float = 1.0) -> RNNParams:
    """The IRNN: W_hh = scale · I, b_h = 0, for activation="relu" (Le, Jaitly & Hinton 2015).

    With no input such a cell keeps a state of non-negative entries for ever, and its gradient
    too: h_t = h_{t-1}. W_xh is small, from N(0, 0.001²), as in the paper.

    Args:
        I: the number of inputs.
        H: the number of hidden units.
        rng: a numpy Generator.
        scale: 1 for long memory, less to forget.

    Returns:
        RNNParams of arrays.
    """
    _check(RNNParams, I, H, rng)
    return RNNParams(0.001 * rng.standard_normal((H, I)), scale * np.eye(H), np.zeros(H))


def forget_bias(params: LSTMParams, value: float) -> LSTMParams:
    """The same LSTM with b_f = value: f_t starts near σ(value), and the cell remembers.

    σ(0) = 0.5 forgets half at each step; σ(1) = 0.73 (Gers et al. 2000; Jozefowicz et al.
    2015), σ(4) = 0.98 for memories of some 50 steps.

    Args:
        params: LSTMParams; a b_h that is left out becomes zeros but for b_f.
        value: a number.

    Returns:
        LSTMParams with a new b_h; params is not changed.
    """
    b_i, _, b_c, b_o = _bias_blocks(params)
    return params._replace(b_h=_join(b_i, _full(b_i, value), b_c, b_o))


def torch_forget_bias(state: Mapping[str, Array], value: float) -> dict[str, Array]:
    """The same state dict with a forget bias of value, in every layer and direction.

    The trap: torch's cell adds *two* biases, b_ih + b_hh. Who fills both with 1 gets 2. Here
    the forget rows of bias_ih are set to value, and those of bias_hh to 0.

        lstm.load_state_dict(torch_forget_bias(lstm.state_dict(), 1.0))

    Args:
        state: the state dict of `torch.nn.LSTM`, `torch.nn.LSTMCell` or `rnnlib.layers.LSTM`.
        value: a number.

    Returns:
        A new dict; state and its tensors are not changed.

    Raises ValueError for a state dict without biases, or not of an LSTM.
    """
    if not isinstance(state, Mapping):
        raise TypeError(
            "state must be a state dict, such as lstm.state_dict(), "
            f"got {type(state).__name__}."
        )
    endings = [n.removeprefix("bias_ih") for n in state if n.startswith("bias_ih")]
    if not endings:
        raise ValueError(f"state must hold 'bias_ih', got {', '.join(map(repr, state))}.")
    new = dict(state)
    for ending in endings:
        rows, H = state[f"weight_hh{ending}"].shape
        if rows != 4 * H:
            raise ValueError(
                f"state must be that of an LSTM: weight_hh{ending} must have shape "
                f"(4H, H) = ({4 * H}, {H}), got ({rows}, {H})."
            )
        for name, filling in ((f"bias_ih{ending}", value), (f"bias_hh{ending}", 0.0)):
            b = state[name]
            new[name] = _join(b[:H], _full(b[:H], filling), b[2 * H :])
    return new


def chrono(params: LSTMParams, T_max: float, rng: np.random.Generator) -> LSTMParams:
    """The same LSTM with memories of 1 to T_max steps (Tallec & Ollivier 2018).

        b_f = log(u),   u ~ U(1, T_max - 1) for each unit,        b_i = -b_f

    σ(log u) = u/(u + 1) = 1 - 1/(u + 1): a unit forgets in about u + 1 steps, its
    *characteristic time*. Drawing u spreads these times over the lags of the task; b_i = -b_f
    lets each unit write as slowly as it forgets, i_t = 1 - f_t at first.

    Args:
        params: LSTMParams.
        T_max: the longest lag to bridge, more than 2.
        rng: a numpy Generator.

    Returns:
        LSTMParams with a new b_h; params is not changed.
    """
    _check_rng(rng)
    if not T_max > 2:
        raise ValueError(f"T_max must be more than 2, got {T_max!r}.")
    b_i, _, b_c, b_o = _bias_blocks(params)
    drawn = np.log(rng.uniform(1, T_max - 1, b_i.shape))
    b_f = array_namespace(b_i).asarray(drawn, dtype=b_i.dtype, device=device(b_i))
    return params._replace(b_h=_join(-b_f, b_f, b_c, b_o))


def count_rnn(
    I: int, H: int, *, layers: int = 1, bidirectional: bool = False, biases: int = 2
) -> int:
    """The number of parameters of an RNN: H (I + H + biases) for one layer.

    The layers above the first read H inputs, or 2H below them run both ways; each direction
    has parameters of its own. The length of the sequence is not in the formula.

    Args:
        I: the number of inputs.
        H: the number of hidden units, in each direction.
        layers: how many are stacked.
        bidirectional: whether each layer runs both ways.
        biases: 2 as in torch, 1 as on the page, 0 for none.

    Returns:
        A whole number.
    """
    return _count(1, I, H, layers, bidirectional, biases)


def count_lstm(
    I: int, H: int, *, layers: int = 1, bidirectional: bool = False, biases: int = 2
) -> int:
    """The number of parameters of an LSTM: 4 H (I + H + biases) for one layer.

    The arguments are those of `count_rnn`.
    """
    return _count(4, I, H, layers, bidirectional, biases)


def count_gru(
    I: int, H: int, *, layers: int = 1, bidirectional: bool = False, biases: int = 2
) -> int:
    """The number of parameters of a GRU: 3 H (I + H + biases) for one layer.

    The arguments are those of `count_rnn`. With one bias it is the GRU that resets before the
    product; the other has H more for b_hn, which cannot be merged.
    """
    return _count(3, I, H, layers, bidirectional, biases)


def _count(gates, I, H, layers, bidirectional, biases):
    for name, value in (("I", I), ("H", H), ("layers", layers)):
        _check_size(name, value)
    check_choice("biases", biases, (2, 1, 0))
    D = 2 if bidirectional else 1
    widths = [I] + [D * H] * (layers - 1)
    return sum(D * gates * H * (width + H + biases) for width in widths)


def _uniform(rng, H, *shape):
    bound = 1 / math.sqrt(H)
    return rng.uniform(-bound, bound, shape)


def _bias_blocks(params):
    """The blocks b_i, b_f, b_c, b_o; zeros for a bias that is left out."""
    if not isinstance(params, LSTMParams):
        raise TypeError(f"params must be LSTMParams, got {type(params).__name__}.")
    W_xh, W_hh, b_h = params
    xp = check_arrays(W_hh=(W_hh, "4H H"), W_xh=(W_xh, "4H I"), b_h=(b_h, "4H"))
    H = W_hh.shape[1]
    b = xp.zeros_like(W_hh[:, 0]) + b_h
    return tuple(b[k * H : (k + 1) * H] for k in range(4))


def _full(b, value):
    return array_namespace(b).full_like(b, value)


def _join(*blocks):
    return array_namespace(*blocks).concat(blocks)


def _check(Params, I, H, rng):
    """Check what every initialisation takes, and return the number of gates."""
    if Params not in GATES:
        names = ", ".join(P.__name__ for P in GATES)
        raise ValueError(f"Params must be one of {names}, got {Params!r}.")
    _check_size("I", I)
    _check_size("H", H)
    _check_rng(rng)
    return GATES[Params]


def _check_size(name, value):
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")


def _check_rng(rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy Generator, such as numpy.random.default_rng(0), "
            f"got {type(rng).__name__}."
        )
