"""The right formulas that several recipes share, on NumPy."""

import numpy as np

Array = np.ndarray


def sigmoid(a: Array) -> Array:
    """σ(a), for any size of a."""
    return (1 + np.tanh(a / 2)) / 2


def relu(a: Array) -> Array:
    """max(a, 0)."""
    return np.maximum(a, 0)


def softmax(a: Array, axis: int = -1) -> Array:
    """e^a over its sum along an axis."""
    e = np.exp(a - a.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(a: Array, axis: int = -1) -> Array:
    """The logarithm of softmax, with every digit."""
    a = a - a.max(axis, keepdims=True)
    return a - np.log(np.exp(a).sum(axis, keepdims=True))


def beside(*parts: Array) -> Array:
    """[h, x]: side by side."""
    return np.concatenate(parts, -1)


def blocks(a: Array, count: int) -> list[Array]:
    """The last axis cut into equal blocks."""
    return np.split(a, count, -1)


def rnn(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array | float = 0.0) -> Array:
    """h_t of the simple cell."""
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)


def lstm_gates(
    x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array | float = 0.0
) -> tuple[Array, Array, Array, Array]:
    """i_t, f_t, C̃_t and o_t, from weights in torch's layout."""
    i, f, c, o = blocks(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4)
    return sigmoid(i), sigmoid(f), np.tanh(c), sigmoid(o)


def lstm(x_t: Array, h_prev: Array, c_prev: Array, *weights: Array) -> tuple[Array, Array]:
    """h_t and C_t."""
    i_t, f_t, c_tilde, o_t = lstm_gates(x_t, h_prev, *weights)
    c_t = f_t * c_prev + i_t * c_tilde
    return o_t * np.tanh(c_t), c_t


def gru_parts(
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
    b_hn: Array | float = 0.0,
    *,
    reset: str,
) -> tuple[Array, Array, Array, Array]:
    """r_t, z_t, n_t and u_t = W_hn h_{t-1} + b_hn."""
    x_r, x_z, x_n = blocks(x_t @ W_xh.T + b_h, 3)
    W_hr, W_hz, W_hn = np.split(W_hh, 3)
    r_t, z_t = sigmoid(x_r + h_prev @ W_hr.T), sigmoid(x_z + h_prev @ W_hz.T)
    u_t = h_prev @ W_hn.T + b_hn
    n_t = np.tanh(x_n + (r_t * u_t if reset == "after" else (r_t * h_prev) @ W_hn.T))
    return r_t, z_t, n_t, u_t


def gru(x_t: Array, h_prev: Array, *weights: Array, reset: str) -> Array:
    """h_t of the GRU."""
    _, z_t, n_t, _ = gru_parts(x_t, h_prev, *weights, reset=reset)
    return (1 - z_t) * n_t + z_t * h_prev
