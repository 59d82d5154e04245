"""The weights of a cell in three layouts, and the ways between them.

- **ours**: one matrix per input with the gates stacked as rows, one bias: what the steps
  take, `lstm_step(x_t, carry, *params)`;
- **torch**: the same matrices, but two biases `bias_ih` and `bias_hh`;
- **textbook**: a matrix per gate, W_f · [h_{t-1}, x_t] + b_f.

Torch's second bias adds nothing where the two are summed; it exists because cuDNN takes
it. The one place where it counts is the GRU: there the candidate's `bias_hh` stands inside
the reset product, so it is kept apart as `b_hn`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays
from rnnlib._types import Array


class RNNParams(NamedTuple):
    """W_xh (H, I), W_hh (H, H), b_h (H,) or 0.0."""

    W_xh: Any
    W_hh: Any
    b_h: Any = 0.0


class LSTMParams(NamedTuple):
    """W_xh (4H, I), W_hh (4H, H), b_h (4H,) or 0.0; blocks of rows i, f, c̃, o."""

    W_xh: Any
    W_hh: Any
    b_h: Any = 0.0


class GRUParams(NamedTuple):
    """W_xh (3H, I), W_hh (3H, H), b_h (3H,) or 0.0, b_hn (H,) or 0.0; blocks r, z, n."""

    W_xh: Any
    W_hh: Any
    b_h: Any = 0.0
    b_hn: Any = 0.0


class LSTMTextbook(NamedTuple):
    """The LSTM of the textbooks: every W (H, H + I) meets [h_{t-1}, x_t], every b is (H,)."""

    W_f: Any
    b_f: Any
    W_i: Any
    b_i: Any
    W_C: Any
    b_C: Any
    W_o: Any
    b_o: Any


def rnn_from_torch(state: Mapping[str, Array], suffix: str = "") -> RNNParams:
    """The weights of `torch.nn.RNNCell`, or of one layer of `torch.nn.RNN`, as RNNParams.

    Args:
        state: a state dict, or any mapping with torch's names (`dict(m.named_parameters())`
            keeps the graph for gradients).
        suffix: "" for a cell; "_l0", "_l0_reverse", "_l1", … for a layer.
    """
    W_xh, W_hh, b_ih, b_hh = _torch_weights(state, suffix)
    return RNNParams(W_xh, W_hh, b_ih + b_hh)


def lstm_from_torch(state: Mapping[str, Array], suffix: str = "") -> LSTMParams:
    """The weights of `torch.nn.LSTMCell`, or of one layer of `torch.nn.LSTM`, as LSTMParams.

    The arguments are those of `rnn_from_torch`.
    """
    W_xh, W_hh, b_ih, b_hh = _torch_weights(state, suffix)
    return LSTMParams(W_xh, W_hh, b_ih + b_hh)


def gru_from_torch(state: Mapping[str, Array], suffix: str = "") -> GRUParams:
    """The weights of `torch.nn.GRUCell`, or of one layer of `torch.nn.GRU`, as GRUParams.

    The biases of r and z are summed; those of the candidate stay apart, since torch's
    b_hn = bias_hh[2H:] is multiplied by the reset gate. The arguments are those of
    `rnn_from_torch`.
    """
    W_xh, W_hh, b_ih, b_hh = _torch_weights(state, suffix)
    if isinstance(b_ih, float):
        return GRUParams(W_xh, W_hh)
    H = W_hh.shape[1]
    xp = array_namespace(b_ih)
    b_h = xp.concat([b_ih[: 2 * H] + b_hh[: 2 * H], b_ih[2 * H :]])
    return GRUParams(W_xh, W_hh, b_h, b_hh[2 * H :])


def rnn_to_torch(params: RNNParams, suffix: str = "") -> dict[str, Array]:
    """The state dict of `torch.nn.RNNCell` (or of one layer) with these weights.

    The whole bias goes to `bias_ih`, and `bias_hh` is zero; without a bias the dict has
    neither, as torch has it for `bias=False`.
    """
    return _torch_state(*params, suffix)


def lstm_to_torch(params: LSTMParams, suffix: str = "") -> dict[str, Array]:
    """The state dict of `torch.nn.LSTMCell` (or of one layer) with these weights.

    The biases are treated as by `rnn_to_torch`.
    """
    return _torch_state(*params, suffix)


def gru_to_torch(params: GRUParams, suffix: str = "") -> dict[str, Array]:
    """The state dict of `torch.nn.GRUCell` (or of one layer) with these weights.

    `bias_hh` is zero but for its last block, which is b_hn.
    """
    W_xh, W_hh, b_h, b_hn = params
    if isinstance(b_h, float) and isinstance(b_hn, float):
        return _torch_state(W_xh, W_hh, 0.0, suffix)
    xp = array_namespace(W_hh)
    H = W_hh.shape[1]
    zeros = xp.zeros_like(W_hh[:, 0])
    state = _torch_state(W_xh, W_hh, zeros + b_h, suffix)
    state[f"bias_hh{suffix}"] = xp.concat([zeros[: 2 * H], zeros[2 * H :] + b_hn])
    return state


def lstm_from_textbook(textbook: LSTMTextbook) -> LSTMParams:
    """Stack the four gates of a textbook LSTM: LSTMTextbook to LSTMParams.

    W_f = [W_hf | W_xf]: the first H columns meet h_{t-1}, the others x_t.
    """
    W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o = textbook
    xp = check_arrays(
        b_f=(b_f, "H"),
        W_f=(W_f, "H H+I"),
        W_i=(W_i, "H H+I"),
        b_i=(b_i, "H"),
        W_C=(W_C, "H H+I"),
        b_C=(b_C, "H"),
        W_o=(W_o, "H H+I"),
        b_o=(b_o, "H"),
    )
    H = W_f.shape[0]
    W = xp.concat([W_i, W_f, W_C, W_o], axis=0)
    return LSTMParams(W[:, H:], W[:, :H], xp.concat([b_i, b_f, b_C, b_o]))


def lstm_to_textbook(params: LSTMParams) -> LSTMTextbook:
    """Cut stacked weights into the four gates of the textbooks: the way back."""
    W_xh, W_hh, b_h = params
    xp = check_arrays(W_hh=(W_hh, "4H H"), W_xh=(W_xh, "4H I"), b_h=(b_h, "4H"))
    H = W_hh.shape[1]
    W = xp.concat([W_hh, W_xh], axis=1)
    b = xp.zeros_like(W_hh[:, 0]) + b_h
    (W_i, b_i), (W_f, b_f), (W_C, b_C), (W_o, b_o) = (
        (W[rows, :], b[rows]) for rows in (slice(k * H, (k + 1) * H) for k in range(4))
    )
    return LSTMTextbook(W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)


def _torch_weights(state, suffix):
    if not isinstance(state, Mapping):
        raise TypeError(
            "state must be a state dict, such as cell.state_dict(), "
            f"got {type(state).__name__}."
        )
    names = [f"{n}{suffix}" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    for name in names[:2]:
        if name not in state:
            raise ValueError(f"state must hold {name!r}, got {', '.join(map(repr, state))}.")
    return tuple(state.get(name, 0.0) for name in names)


def _torch_state(W_xh, W_hh, b_h, suffix):
    state = {f"weight_ih{suffix}": W_xh, f"weight_hh{suffix}": W_hh}
    if not isinstance(b_h, float):
        xp = array_namespace(b_h)
        state |= {f"bias_ih{suffix}": b_h, f"bias_hh{suffix}": xp.zeros_like(b_h)}
    return state
