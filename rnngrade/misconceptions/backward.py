"""The backward of RNN, LSTM and GRU by hand, one step and through time, with its mistakes.

δv is the gradient of the loss with respect to v, `dv` in code.
"""

from functools import partial

import numpy as np

from rnngrade.misconceptions import functions
from rnngrade.misconceptions.family import NOTHING, Family
from rnngrade.misconceptions.mistakes import instead, left_out, named, subtracted, transposed


def rnn_backward(at, dh_t, x_t, h_prev, W_xh, W_hh, b_h=0.0):
    """One step of the RNN: δa_t = δh_t ⊙ (1 - h_t²), and the others from it."""
    h_t = functions.rnn(x_t, h_prev, W_xh, W_hh, b_h)
    slope = at(
        lambda: 1 - h_t**2,
        {
            left_out("1 - h_t²"): lambda: np.ones_like(h_t),
            instead("1 - tanh²(h_t)", "1 - h_t²"): lambda: 1 - np.tanh(h_t) ** 2,
            instead("1 - h_t", "1 - h_t²"): lambda: 1 - h_t,
            instead("1 - h_{t-1}²", "1 - h_t²"): lambda: 1 - h_prev**2,
            instead("h_t ⊙ (1 - h_t)", "1 - h_t²"): lambda: h_t * (1 - h_t),
        },
    )
    turned = {
        named("mistakes.transposed-in", what="W_hh", part="δh_{t-1}"): lambda: (
            (dh_t * slope) @ W_hh.T
        )
    }
    return _through_weights(at, dh_t * slope, x_t, h_prev, h_t, W_xh, W_hh, turned)


def lstm_backward(at, dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h=0.0):
    """One step of the LSTM: through h_t, then through C_t, then through the gates."""
    i_t, f_t, c_tilde, o_t = functions.lstm_gates(x_t, h_prev, W_xh, W_hh, b_h)
    c_t = f_t * c_prev + i_t * c_tilde
    t = np.tanh(c_t)
    do_t = at(
        lambda: dh_t * t,
        {instead("C_t", "tanh(C_t)", "δo_t"): lambda: dh_t * c_t},
    )
    dc_t = at(
        lambda: dc_t + dh_t * o_t * (1 - t**2),
        {
            named("mistakes.not-added", what="δh_t ⊙ o_t ⊙ tanh′(C_t)", to="δC_t"): lambda: (
                dc_t
            ),
            named("mistakes.from-next-left-out", what="δC_t"): lambda: dh_t * o_t * (1 - t**2),
            left_out("tanh′(C_t)"): lambda: dc_t + dh_t * o_t,
            instead("1 - C_t²", "tanh′(C_t)"): lambda: dc_t + dh_t * o_t * (1 - c_t**2),
            left_out("o_t", "δC_t"): lambda: dc_t + dh_t * (1 - t**2),
        },
    )
    df_t = at(lambda: dc_t * c_prev, {instead("C_t", "C_{t-1}", "δf_t"): lambda: dc_t * c_t})
    dc_prev = at(lambda: dc_t * f_t, {left_out("f_t", "δC_{t-1}"): lambda: dc_t})
    parts = (
        ("i_t", dc_t * c_tilde, i_t * (1 - i_t)),
        ("f_t", df_t, f_t * (1 - f_t)),
        ("C̃_t", dc_t * i_t, 1 - c_tilde**2),
        ("o_t", do_t, o_t * (1 - o_t)),
    )
    da_t = functions.beside(*(_squashed(at, *part) for part in parts))
    gradients = _through_weights(at, da_t, x_t, h_prev, o_t * t, W_xh, W_hh)
    return gradients | {"dc_prev": dc_prev}


def gru_backward(at, dh_t, x_t, h_prev, W_xh, W_hh, b_h=0.0, b_hn=0.0, *, reset):
    """One step of the GRU: through h_t, then through n_t, then through the gates."""
    r_t, z_t, n_t, u_t = functions.gru_parts(x_t, h_prev, W_xh, W_hh, b_h, b_hn, reset=reset)
    h_t = (1 - z_t) * n_t + z_t * h_prev
    dn_t = at(
        lambda: dh_t * (1 - z_t),
        {
            instead("z_t", "1 - z_t", "δn_t"): lambda: dh_t * z_t,
            left_out("1 - z_t", "δn_t"): lambda: dh_t,
        },
    )
    dz_t = at(
        lambda: dh_t * (h_prev - n_t),
        {
            subtracted("δz_t"): lambda: dh_t * (n_t - h_prev),
            left_out("n_t", "δz_t"): lambda: dh_t * h_prev,
            left_out("h_{t-1}", "δz_t"): lambda: -dh_t * n_t,
        },
    )
    direct = at(
        lambda: dh_t * z_t,
        {
            left_out("δh_t ⊙ z_t", "δh_{t-1}"): lambda: 0 * dh_t,
            left_out("z_t", "δh_{t-1}"): lambda: dh_t,
            instead("1 - z_t", "z_t", "δh_{t-1}"): lambda: dh_t * (1 - z_t),
        },
    )
    da_n = _squashed(at, "n_t", dn_t, 1 - n_t**2)
    candidate = _reset_after if reset == "after" else _reset_before
    dr_t, dh_from_n, weights_of = candidate(at, da_n, r_t, u_t, h_prev, np.split(W_hh, 3)[2])
    da_r = _squashed(at, "r_t", dr_t, r_t * (1 - r_t))
    da_z = _squashed(at, "z_t", dz_t, z_t * (1 - z_t))
    da_rz = functions.beside(da_r, da_z)
    dW_hh, db_hn = weights_of(da_rz, h_t)
    gradients = _through_inputs(at, functions.beside(da_rz, da_n), x_t, W_xh, dW_hh)
    dh_prev = direct + da_rz @ W_hh[: da_rz.shape[-1]] + dh_from_n
    return gradients | {"dh_prev": dh_prev, "db_hn": db_hn}


def _reset_after(at, da_n, r_t, u_t, h_prev, W_hn):
    """From δa_n back through r_t ⊙ u_t, with u_t = W_hn h_{t-1} + b_hn."""
    dr_t = at(
        lambda: da_n * u_t,
        {instead("h_{t-1}", "W_hn h_{t-1} + b_hn", "δr_t"): lambda: da_n * h_prev},
    )
    du_t = at(lambda: da_n * r_t, {left_out("r_t", "δ(W_hn h_{t-1})"): lambda: da_n})

    def weights(da_rz, h_t):
        da_t = functions.beside(da_rz, du_t)
        return _through_state(at, lambda h: da_t.T @ h, h_prev, h_t), du_t.sum(0)

    return dr_t, du_t @ W_hn, weights


def _reset_before(at, da_n, r_t, u_t, h_prev, W_hn):
    """From δa_n back through W_hn s_t, with s_t = r_t ⊙ h_{t-1}."""
    ds_t = da_n @ W_hn
    dr_t = at(lambda: ds_t * h_prev, {left_out("W_hn", "δr_t"): lambda: da_n * h_prev})
    dh_from_n = at(lambda: ds_t * r_t, {left_out("r_t", "δh_{t-1}"): lambda: ds_t})
    s_t = at(
        lambda: r_t * h_prev, {instead("h_{t-1}", "r_t ⊙ h_{t-1}", "δW_hn"): lambda: h_prev}
    )

    def weights(da_rz, h_t):
        def dW_hh(h):
            return np.concatenate([da_rz.T @ h, da_n.T @ s_t])

        return _through_state(at, dW_hh, h_prev, h_t), np.zeros_like(s_t[0])

    return dr_t, dh_from_n, weights


def _squashed(at, gate, dv, slope):
    return at.each(gate, lambda: dv * slope, {named("mistakes.slope"): lambda: dv})


def _through_weights(at, da_t, x_t, h_prev, h_t, W_xh, W_hh, turned=NOTHING):
    """From δa_t to the gradients of what a_t is made of."""
    dW_hh = _through_state(at, lambda h: da_t.T @ h, h_prev, h_t)
    gradients = _through_inputs(at, da_t, x_t, W_xh, dW_hh)
    return gradients | {"dh_prev": at(lambda: da_t @ W_hh, turned)}


def _through_state(at, dW_hh, h_prev, h_t):
    """δW_hh, a function of the state that W_hh was multiplied with."""
    return at(
        lambda: dW_hh(h_prev),
        {
            instead("h_t", "h_{t-1}", "δW_hh"): lambda: dW_hh(h_t),
            transposed("δW_hh"): lambda: dW_hh(h_prev).T,
        },
    )


def _through_inputs(at, da_t, x_t, W_xh, dW_hh):
    averaged = named("mistakes.averaged-over-batch", what="δW_xh, δW_hh, δb_h")
    size = at(lambda: 1, {averaged: lambda: len(x_t)})
    dW_xh = at(lambda: da_t.T @ x_t, {transposed("δW_xh"): lambda: x_t.T @ da_t})
    db_h = at(
        lambda: da_t.sum(0) / size,
        {
            named("mistakes.not-summed-over-batch", what="δb_h"): lambda: da_t,
            named("mistakes.averaged-over-batch", what="δb_h"): lambda: da_t.mean(0),
        },
    )
    return {"dx_t": da_t @ W_xh, "dW_xh": dW_xh / size, "dW_hh": dW_hh / size, "db_h": db_h}


def through_time(at, backward, forward, dstates, xs, first, weights):
    """Backpropagation through time for a cell whose carry is the tuple `first`."""
    before = [first]
    for x_t in xs:
        before.append(forward(x_t, *before[-1], *weights.values()))
    later, seen = tuple(np.zeros_like(state) for state in first), []
    for t in reversed(range(len(xs))):
        arrived = _arrived(at, later, tuple(d[t] for d in dstates), last=t == len(xs) - 1)
        gradients = backward(at, *arrived, xs[t], *before[t], **weights)
        later = tuple(gradients[f"d{letter}_prev"] for letter in "hc"[: len(first)])
        seen.append(gradients)
    summed = [name for name in ("dW_xh", "dW_hh", "db_h", "db_hn") if name in seen[0]]
    sums = {name: np.stack([g[name] for g in seen]) for name in summed}
    what = ", ".join(f"δ{name.removeprefix('d')}" for name in summed)
    over = at(
        lambda: lambda parts: parts.sum(0),
        {
            named("mistakes.first-step-gradient", what=what): lambda: lambda p: p[-1],
            named("mistakes.last-step-gradient", what=what): lambda: lambda p: p[0],
            named("mistakes.averaged-over-time", what=what): lambda: lambda p: p.mean(0),
        },
    )
    dxs = at(
        lambda: [g["dx_t"] for g in seen[::-1]],
        {named("mistakes.runs-backwards", what="dxs"): lambda: [g["dx_t"] for g in seen]},
    )
    return {
        "dxs": np.stack(dxs),
        **{f"d{letter}_0": state for letter, state in zip("hc", later, strict=False)},
        **{name: over(parts) for name, parts in sums.items()},
    }


def _arrived(at, later, here, last):
    """All that reaches the state at step t: from the loss there, and from step t + 1."""
    return at(
        lambda: tuple(a + b for a, b in zip(later, here, strict=True)),
        {
            named("mistakes.nothing-from-next"): lambda: here,
            named("mistakes.last-loss-only"): lambda: here if last else later,
        },
    )


def _rnn_forward(x_t, h_prev, *weights):
    return (functions.rnn(x_t, h_prev, *weights),)


def _gru_forward(x_t, h_prev, *weights, reset):
    return (functions.gru(x_t, h_prev, *weights, reset=reset),)


def _rnn_bptt(at, dhs, xs, h_0, **weights):
    return through_time(at, rnn_backward, _rnn_forward, (dhs,), xs, (h_0,), weights)


def _lstm_bptt(at, dhs, dcs, xs, h_0, c_0, **weights):
    step, states = (lstm_backward, functions.lstm), (dhs, dcs)
    return through_time(at, *step, states, xs, (h_0, c_0), weights)


def _gru_bptt(at, dhs, xs, h_0, *, reset, **weights):
    step = partial(gru_backward, reset=reset), partial(_gru_forward, reset=reset)
    return through_time(at, *step, (dhs,), xs, (h_0,), weights)


def _family(recipe, arguments, biases=("b_h",)):
    return Family(recipe, (*arguments.split(), "W_xh", "W_hh", *biases), biases)


def _gru_families(name, reset):
    biases = ("b_h", "b_hn") if reset == "after" else ("b_h",)
    step, bptt = partial(gru_backward, reset=reset), partial(_gru_bptt, reset=reset)
    return {
        f"{name}_step_backward": _family(step, "dh_t x_t h_prev", biases),
        f"{name}_backward": _family(bptt, "dhs xs h_0", biases),
    }


BACKWARD = {
    "rnn_step_backward": _family(rnn_backward, "dh_t x_t h_prev"),
    "lstm_step_backward": _family(lstm_backward, "dh_t dc_t x_t h_prev c_prev"),
    "rnn_backward": _family(_rnn_bptt, "dhs xs h_0"),
    "lstm_backward": _family(_lstm_bptt, "dhs dcs xs h_0 c_0"),
    **_gru_families("gru", "after"),
    **_gru_families("gru_before", "before"),
}
