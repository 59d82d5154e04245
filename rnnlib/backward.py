"""The gradients of each cell by hand, and backpropagation through time.

The mirror of `steps.py` and `scan.py`. A step goes from x_t and the carry before to the
carry after; a backward step goes from the gradient of the carry after to the gradients of
x_t, of the carry before, and of every parameter:

    carry_t                        = step(x_t, carry_{t-1}, *params)
    dx_t, dcarry_{t-1}, *dparams   = step_backward(dcarry_t, x_t, carry_{t-1}, *params)

δv stands for ∂L/∂v, the gradient of the loss L with respect to v, and is called `dv` in the
code. It has the shape of v. Four rules, read off one line of the forward each, give every
equation below:

    v = W u + b          δu = Wᵀ δv,   δW = δv uᵀ,   δb = δv
    v = u ⊙ w            δu = δv ⊙ w,   δw = δv ⊙ u
    v = σ(u)             δu = δv ⊙ σ'(u): v ⊙ (1 - v) for the sigmoid, 1 - v² for tanh
    u is used twice      δu is the sum of what comes back from both uses

The last rule is why the gradients of the weights are sums over the batch and over time: the
same W serves every sequence at every step.

A backward step computes the forward quantities again rather than being handed them: it is
slower, and easier to read. `rnnlib.fused` is the fast form.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from rnnlib._checks import check_arrays
from rnnlib._types import Array, Carry, Step
from rnnlib.steps import _blocks, gru_step, lstm_gates, lstm_step, rnn_step, sigmoid


class RNNGradients(NamedTuple):
    """What `rnn_step_backward` returns, each in the shape of what it is the gradient of."""

    dx_t: Any
    dh_prev: Any
    dW_xh: Any
    dW_hh: Any
    db_h: Any


class LSTMGradients(NamedTuple):
    """What `lstm_step_backward` returns; dcarry is the pair (dh_prev, dc_prev)."""

    dx_t: Any
    dcarry: Any
    dW_xh: Any
    dW_hh: Any
    db_h: Any


class GRUGradients(NamedTuple):
    """What `gru_step_backward` returns."""

    dx_t: Any
    dh_prev: Any
    dW_xh: Any
    dW_hh: Any
    db_h: Any
    db_hn: Any


class Gradients(NamedTuple):
    """What `bptt` returns: dxs (T, ..., I), dcarry like the carry, one dparam per param."""

    dxs: Any
    dcarry: Any
    dparams: tuple


def rnn_step_backward(
    dh_t: Array,
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
    *,
    activation: str = "tanh",
) -> RNNGradients:
    """Backward of `rnn_step`: from δh_t to the gradients of its arguments.

    Forward, in two lines:

        a_t = W_xh x_t + W_hh h_{t-1} + b_h
        h_t = σ(a_t)

    Backward, from the last line to the first:

        δa_t     = δh_t ⊙ σ'(a_t)        tanh: σ' = 1 - h_t²       ReLU: σ' = [h_t > 0]
        δx_t     = W_xhᵀ δa_t
        δh_{t-1} = W_hhᵀ δa_t
        δW_xh    = δa_t x_tᵀ        δW_hh = δa_t h_{t-1}ᵀ        δb_h = δa_t

    The last three are summed over the batch. [h_t > 0] is 1 where that is so and 0 elsewhere;
    both σ' need only h_t, not a_t.

    Args:
        dh_t: (..., H), all that reaches h_t: from the loss at step t and from step t + 1.
        x_t: (..., I).
        h_prev: (..., H).
        W_xh: (H, I).
        W_hh: (H, H).
        b_h: (H,), or 0.0 for none.
        activation: "tanh" or "relu".

    Returns:
        RNNGradients(dx_t, dh_prev, dW_xh, dW_hh, db_h); db_h is 0.0 if b_h is.

    Raises what `rnn_step` raises, and likewise for dh_t.
    """
    h_t = rnn_step(x_t, h_prev, W_xh, W_hh, b_h, activation=activation)
    xp = check_arrays(x_t=(x_t, "... I"), h_prev=(h_prev, "... H"), dh_t=(dh_t, "... H"))
    if activation == "tanh":
        slope = 1 - h_t * h_t
    else:
        slope = xp.where(h_t <= 0, xp.zeros_like(h_t), xp.ones_like(h_t))
    da_t = dh_t * slope
    return RNNGradients(
        dx_t=da_t @ W_xh,
        dh_prev=da_t @ W_hh,
        dW_xh=_outer(da_t, x_t),
        dW_hh=_outer(da_t, h_prev),
        db_h=_bias(b_h, da_t),
    )


def lstm_step_backward(
    dcarry: tuple[Array | float, Array | float],
    x_t: Array,
    carry: tuple[Array, Array],
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
) -> LSTMGradients:
    """Backward of `lstm_step`: from δh_t and δc_t to the gradients of its arguments.

    Forward, in three lines (o_t, c̃_t and f_t like i_t, with tanh for c̃_t):

        a_i = W_xi x_t + W_hi h_{t-1} + b_i,   i_t = σ(a_i)
        c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t
        h_t = o_t ⊙ tanh(c_t)

    Backward, from the last line to the first. h_t = o_t ⊙ tanh(c_t) is a product; c_t is used
    in it and, by the next step, on its own, so what comes back through h_t is added to δc_t:

        δo_t = δh_t ⊙ tanh(c_t)
        δc_t ← δc_t + δh_t ⊙ o_t ⊙ (1 - tanh²(c_t))

    c_t is a sum of two products. Its first is the direct path: no matrix, no squashing, only
    f_t stands between δc_t and δc_{t-1}:

        δf_t = δc_t ⊙ c_{t-1}        δc_{t-1} = δc_t ⊙ f_t
        δi_t = δc_t ⊙ c̃_t            δc̃_t     = δc_t ⊙ i_t

    Each gate through its squashing, and the four blocks together through the weights:

        δa_i = δi_t ⊙ i_t ⊙ (1 - i_t)     δa_f, δa_o likewise     δa_c = δc̃_t ⊙ (1 - c̃_t²)
        δa_t = [δa_i, δa_f, δa_c, δa_o]
        δx_t  = W_xhᵀ δa_t          δh_{t-1} = W_hhᵀ δa_t
        δW_xh = δa_t x_tᵀ            δW_hh    = δa_t h_{t-1}ᵀ        δb_h = δa_t

    Args:
        dcarry: (δh_t, δc_t), each (..., H), all that reaches them: from the loss at step t
            and from step t + 1. 0.0 stands for a gradient that is not there.
        x_t: (..., I).
        carry: (h_{t-1}, c_{t-1}), each (..., H).
        W_xh: (4H, I), blocks of H rows in torch's order i, f, c̃, o.
        W_hh: (4H, H), likewise.
        b_h: (4H,), likewise, or 0.0 for none.

    Returns:
        LSTMGradients(dx_t, (dh_prev, dc_prev), dW_xh, dW_hh, db_h); db_h is 0.0 if b_h is.

    Raises what `lstm_step` raises, and likewise for dh_t and dc_t.
    """
    _, c_t = lstm_step(x_t, carry, W_xh, W_hh, b_h)
    i_t, f_t, c_tilde, o_t = lstm_gates(x_t, carry[0], W_xh, W_hh, b_h)
    if not isinstance(dcarry, tuple | list) or len(dcarry) != 2:
        raise TypeError(f"dcarry must be the pair (dh_t, dc_t), got {type(dcarry).__name__}.")
    (dh_t, dc_t), (h_prev, c_prev) = dcarry, carry
    xp = check_arrays(
        x_t=(x_t, "... I"), h_prev=(h_prev, "... H"), dh_t=(dh_t, "... H"), dc_t=(dc_t, "... H")
    )
    tanh_c = xp.tanh(c_t)

    do_t = dh_t * tanh_c
    dc_t = dc_t + dh_t * o_t * (1 - tanh_c * tanh_c)

    df_t, dc_prev = dc_t * c_prev, dc_t * f_t
    di_t, dc_tilde = dc_t * c_tilde, dc_t * i_t

    da_i = di_t * i_t * (1 - i_t)
    da_f = df_t * f_t * (1 - f_t)
    da_c = dc_tilde * (1 - c_tilde * c_tilde)
    da_o = do_t * o_t * (1 - o_t)
    da_t = xp.concat([da_i, da_f, da_c, da_o], axis=-1)  # (..., 4H)
    return LSTMGradients(
        dx_t=da_t @ W_xh,
        dcarry=(da_t @ W_hh, dc_prev),
        dW_xh=_outer(da_t, x_t),
        dW_hh=_outer(da_t, h_prev),
        db_h=_bias(b_h, da_t),
    )


def gru_step_backward(
    dh_t: Array,
    x_t: Array,
    h_prev: Array,
    W_xh: Array,
    W_hh: Array,
    b_h: Array | float = 0.0,
    b_hn: Array | float = 0.0,
    *,
    reset: str = "after",
) -> GRUGradients:
    """Backward of `gru_step` in either convention: from δh_t to the gradients of its arguments.

    Forward (r_t and z_t have squashings of their own, a_r and a_z before them):

        n_t = tanh(a_n)
        a_n = W_xn x_t + b_n + r_t ⊙ u_t,   u_t = W_hn h_{t-1} + b_hn      reset after
        a_n = W_xn x_t + b_n + W_hn s_t,    s_t = r_t ⊙ h_{t-1}            reset before
        h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1}

    Backward. The last line is two products with z_t in both:

        δn_t = δh_t ⊙ (1 - z_t)           δa_n = δn_t ⊙ (1 - n_t²)
        δz_t = δh_t ⊙ (h_{t-1} - n_t)     δa_z = δz_t ⊙ z_t ⊙ (1 - z_t)

    Reset after the product: a_n holds the product r_t ⊙ u_t, and W_hn stands inside u_t:

        δr_t = δa_n ⊙ u_t                 δu_t = δa_n ⊙ r_t
        δW_hn = δu_t h_{t-1}ᵀ              δb_hn = δu_t

    Reset before the product: a_n holds W_hn s_t, and s_t is the product:

        δs_t = W_hnᵀ δa_n                  δr_t = δs_t ⊙ h_{t-1}
        δW_hn = δa_n s_tᵀ

    Then, in both, δa_r = δr_t ⊙ r_t ⊙ (1 - r_t), and h_{t-1} collects from every place where
    it is used: from z_t ⊙ h_{t-1}, from the two gates, and from the candidate:

        δh_{t-1} = δh_t ⊙ z_t + W_hrᵀ δa_r + W_hzᵀ δa_z + (W_hnᵀ δu_t  or  δs_t ⊙ r_t)
        δW_hr = δa_r h_{t-1}ᵀ        δW_hz = δa_z h_{t-1}ᵀ
        δa_t  = [δa_r, δa_z, δa_n]
        δx_t  = W_xhᵀ δa_t          δW_xh = δa_t x_tᵀ          δb_h = δa_t

    Args:
        dh_t: (..., H), all that reaches h_t: from the loss at step t and from step t + 1.
        x_t: (..., I).
        h_prev: (..., H).
        W_xh: (3H, I), blocks of H rows in torch's order r, z, n.
        W_hh: (3H, H), likewise.
        b_h: (3H,), likewise, or 0.0 for none.
        b_hn: (H,), the bias inside the reset product, or 0.0; reset "after" only.
        reset: "after" or "before".

    Returns:
        GRUGradients(dx_t, dh_prev, dW_xh, dW_hh, db_h, db_hn); the gradient of a bias that is
        0.0 is 0.0.

    Raises what `gru_step` raises, and likewise for dh_t.
    """
    gru_step(x_t, h_prev, W_xh, W_hh, b_h, b_hn, reset=reset)  # refuses bad arguments
    xp = check_arrays(x_t=(x_t, "... I"), h_prev=(h_prev, "... H"), dh_t=(dh_t, "... H"))
    H = h_prev.shape[-1]
    W_hrz, W_hn = W_hh[: 2 * H, :], W_hh[2 * H :, :]
    x_r, x_z, x_n = _blocks(x_t @ W_xh.T + b_h, 3)
    h_r, h_z = _blocks(h_prev @ W_hrz.T, 2)
    r_t, z_t = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    u_t, s_t = h_prev @ W_hn.T + b_hn, r_t * h_prev
    n_t = xp.tanh(x_n + (r_t * u_t if reset == "after" else s_t @ W_hn.T))

    dn_t, dz_t = dh_t * (1 - z_t), dh_t * (h_prev - n_t)
    da_n = dn_t * (1 - n_t * n_t)
    da_z = dz_t * z_t * (1 - z_t)
    if reset == "after":
        dr_t, du_t = da_n * u_t, da_n * r_t
        dW_hn, db_hn = _outer(du_t, h_prev), _bias(b_hn, du_t)
        dh_from_n = du_t @ W_hn
    else:
        ds_t = da_n @ W_hn
        dr_t = ds_t * h_prev
        dW_hn, db_hn = _outer(da_n, s_t), 0.0
        dh_from_n = ds_t * r_t
    da_r = dr_t * r_t * (1 - r_t)
    da_rz = xp.concat([da_r, da_z], axis=-1)  # (..., 2H)
    da_t = xp.concat([da_rz, da_n], axis=-1)  # (..., 3H)
    return GRUGradients(
        dx_t=da_t @ W_xh,
        dh_prev=dh_t * z_t + da_rz @ W_hrz + dh_from_n,
        dW_xh=_outer(da_t, x_t),
        dW_hh=xp.concat([_outer(da_rz, h_prev), dW_hn], axis=0),
        db_h=_bias(b_h, da_t),
        db_hn=db_hn,
    )


def bptt(
    step_backward: Callable,
    dstates: Carry,
    xs: Array,
    carry: Carry,
    states: Carry,
    *params: Array,
) -> Gradients:
    """Backpropagation through time: the gradients of a loss of all the states of a `scan`.

        hs = scan(rnn_step, h_0, xs, *params)
        dxs, dh_0, dparams = bptt(rnn_step_backward, dhs, xs, h_0, hs, *params)

        hs, cs = scan(lstm_step, (h_0, c_0), xs, *params)
        dxs, (dh_0, dc_0), dparams = bptt(
            lstm_step_backward, (dhs, 0.0), xs, (h_0, c_0), (hs, cs), *params
        )

    h_t is used twice: by the loss at step t, and by step t + 1. The gradients of both are
    added before the step is gone through, and this is all there is to it. From t = T down:

        δh_t  = (∂L/∂h_t by the loss) + (δh_t out of step t + 1)         the last is 0 at t = T
        δx_t, δh_{t-1}, δW⁽ᵗ⁾ = step_backward(δh_t, x_t, h_{t-1}, W)
        δW    = Σ_t δW⁽ᵗ⁾

    Args:
        step_backward: the backward of the step that was scanned, a function
            (dcarry_t, x_t, carry_{t-1}, *params) -> (dx_t, dcarry_{t-1}, *dparams), such as
            `partial(gru_step_backward, reset="before")`.
        dstates: in the form of states, what the loss itself sends into each of them. For the
            LSTM the pair (dhs, dcs), where 0.0 stands for states that the loss does not read.
        xs: (T, ..., I).
        carry: the state before the first step, as it was given to scan.
        states: what scan returned.
        *params: as they were given to scan.

    Returns:
        Gradients(dxs, dcarry, dparams): dxs (T, ..., I); dcarry the gradient of the state
        before the first step, in its form; dparams one gradient per param, in their order.

    Raises TypeError when states or dstates have not the form of carry, ValueError when one
    has another length than xs, and what step_backward raises.
    """
    T = _check_sequences(xs, carry, states, dstates)
    before = [carry, *(_at(states, t) for t in range(T - 1))]
    N = len(params)  # a bias at the end may have been left out
    dxs, dcarry, dparams = [], _map(lambda _: 0.0, carry), [0.0] * N
    for t in reversed(range(T)):
        dcarry = _map(lambda later, here: later + here, dcarry, _at(dstates, t))
        dx_t, dcarry, *dparams_t = step_backward(dcarry, xs[t, ...], before[t], *params)
        dparams = [total + d for total, d in zip(dparams, dparams_t[:N], strict=True)]
        dxs.append(dx_t)
    return Gradients(array_namespace(xs).stack(dxs[::-1], axis=0), dcarry, tuple(dparams))


def truncated_bptt(
    step_backward: Callable,
    dstates: Carry,
    xs: Array,
    carry: Carry,
    states: Carry,
    *params: Array,
    k: int,
) -> Gradients:
    """BPTT whose gradients do not cross the borders between chunks of k steps.

    The definition taken here is the one of common practice: the sequence is cut, from its
    start, into chunks of k steps (the last may be shorter), and in the backward the state
    that a chunk starts from is a constant. In torch: `h = h.detach()` before the steps
    k + 1, 2k + 1, … In symbols, of the sum over the paths of the gradient those within a
    chunk are kept, where ⌈t/k⌉ is the chunk of step t:

        ∂L/∂W = Σ_t Σ_{s ≤ t} ∂L/∂h_t · ∂h_t/∂h_s · ∂⁺h_s/∂W      only where ⌈s/k⌉ = ⌈t/k⌉

    (∂L/∂h_t: by the loss itself. ∂⁺: the immediate derivative, h_{s-1} held constant.) So the
    loss at step t reaches 1 to k steps, depending on where t lies in its chunk. The forward
    is that of `scan`, untouched: states are carried over the border, gradients are not. With
    k = T, or more, it is `bptt`.

    Args:
        step_backward: as for `bptt`; so are dstates, xs, carry, states and *params.
        dstates: as for `bptt`.
        xs: (T, ..., I).
        carry: as for `bptt`.
        states: as for `bptt`.
        *params: as for `bptt`.
        k: the number of steps in a chunk, at least 1.

    Returns:
        Gradients(dxs, dcarry, dparams) as `bptt`; dcarry comes out of the first chunk alone.

    Raises ValueError for a k below 1 or not whole, and what `bptt` raises.
    """
    if not isinstance(k, int) or k < 1:
        raise ValueError(f"k must be a whole number of at least 1, got {k!r}.")
    T = _check_sequences(xs, carry, states, dstates)
    chunks = []
    for start in range(0, T, k):
        part = slice(start, start + k)
        first = carry if start == 0 else _at(states, start - 1)
        chunks.append(
            bptt(step_backward, _at(dstates, part), xs[part], first, _at(states, part), *params)
        )
    dparams = tuple(sum(parts) for parts in zip(*(c.dparams for c in chunks), strict=True))
    dxs = array_namespace(xs).concat([c.dxs for c in chunks], axis=0)
    return Gradients(dxs, chunks[0].dcarry, dparams)


def backward_of(step: Step) -> Callable:
    """The backward of a step: `backward_of(lstm_step)` is `lstm_step_backward`.

    A `partial` keeps its options: that of `partial(gru_step, reset="before")` is
    `partial(gru_step_backward, reset="before")`. Raises ValueError for any other function.
    """
    options = step.keywords if isinstance(step, partial) and not step.args else {}
    known = {
        rnn_step: rnn_step_backward,
        lstm_step: lstm_step_backward,
        gru_step: gru_step_backward,
    }
    function = step.func if options else step
    if function not in known:
        names = ", ".join(f.__name__ for f in known)
        raise ValueError(f"step must be one of {names}, or a partial of it, got {step!r}.")
    return partial(known[function], **options) if options else known[function]


def _rows(array):
    """(..., N) as (rows, N): the batch, whatever its axes, as one axis."""
    return array_namespace(array).reshape(array, (-1, array.shape[-1]))


def _outer(da, u):
    """δW = Σ δa uᵀ over the batch: the gradient of the W in a = W u."""
    return _rows(da).T @ _rows(u)


def _bias(b, da):
    """δb = Σ δa over the batch, or 0.0 for a bias that is left out."""
    return 0.0 if isinstance(b, float) else array_namespace(da).sum(_rows(da), axis=0)


def _map(function, carry, *others):
    """Apply the function to a carry, or to each state of a carry that is a tuple."""
    if isinstance(carry, tuple | list):
        return tuple(map(function, carry, *others))
    return function(carry, *others)


def _at(states, t):
    """States at step t, or within a slice of steps; 0.0 stays 0.0."""
    return _map(lambda s: s if isinstance(s, float) else s[t, ...], states)


def _check_sequences(xs, carry, states, dstates):
    """Check the form and the length of what `bptt` is given, and return the length T."""
    check_arrays(xs=(xs, "..."))
    if not xs.shape or xs.shape[0] == 0:
        raise ValueError(f"xs must hold at least one time step, got shape {tuple(xs.shape)}.")
    T = xs.shape[0]
    for name, value in {"states": states, "dstates": dstates}.items():
        if _form(value) != _form(carry):
            raise TypeError(
                f"{name} must have the form of carry, {_form(carry)}, got {_form(value)}."
            )
        for array in value if isinstance(value, tuple | list) else (value,):
            shape = tuple(getattr(array, "shape", ()))
            left_out = name == "dstates" and isinstance(array, float) and array == 0.0
            if shape[:1] != (T,) and not left_out:
                raise ValueError(
                    f"{name} must hold {T} time steps to fit xs, got shape {shape}."
                )
    return T


def _form(carry):
    """In words: what `_map` takes apart."""
    return f"a tuple of {len(carry)}" if isinstance(carry, tuple | list) else "an array"
