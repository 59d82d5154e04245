"""The backward of RNN, LSTM and GRU by hand, one step and through time, with its mistakes.

δv is the gradient of the loss with respect to v, `dv` in code.
"""

from functools import partial

import torch

from rnngrade.misconceptions.family import Family


def rnn_backward(at, dh_t, x_t, h_prev, W_xh, W_hh, b_h=0.0):
    """One step of the RNN: δa_t = δh_t ⊙ (1 - h_t²), and the others from it."""
    h_t = torch.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)
    slope = at(
        lambda: 1 - h_t**2,
        {
            "tanh′ is left out": lambda: torch.ones_like(h_t),
            "1 - tanh²(h_t) stands in place of 1 - h_t²": lambda: 1 - torch.tanh(h_t) ** 2,
            "1 - h_t stands in place of 1 - h_t²": lambda: 1 - h_t,
            "1 - h_{t-1}² stands in place of 1 - h_t²": lambda: 1 - h_prev**2,
            "σ′ stands in place of tanh′": lambda: h_t * (1 - h_t),
        },
    )
    turned = {"W_hh is transposed in δh_{t-1}": lambda: (dh_t * slope) @ W_hh.T}
    return _through_weights(at, dh_t * slope, x_t, h_prev, h_t, W_xh, W_hh, turned)


def lstm_backward(at, dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h=0.0):
    """One step of the LSTM: through h_t, then through C_t, then through the gates."""
    a = (x_t @ W_xh.T + h_prev @ W_hh.T + b_h).chunk(4, -1)
    i_t, f_t, o_t = (torch.sigmoid(a[k]) for k in (0, 1, 3))
    c_tilde = torch.tanh(a[2])
    c_t = f_t * c_prev + i_t * c_tilde
    t = torch.tanh(c_t)
    do_t = at(
        lambda: dh_t * t, {"C_t stands in place of tanh(C_t) in δo_t": lambda: dh_t * c_t}
    )
    dc_t = at(
        lambda: dc_t + dh_t * o_t * (1 - t**2),
        {
            "what comes back through h_t is not added to δC_t": lambda: dc_t,
            "δC_t of step t + 1 is left out": lambda: dh_t * o_t * (1 - t**2),
            "tanh′(C_t) is left out": lambda: dc_t + dh_t * o_t,
            "1 - C_t² stands in place of tanh′(C_t)": lambda: dc_t + dh_t * o_t * (1 - c_t**2),
            "o_t is left out in δC_t": lambda: dc_t + dh_t * (1 - t**2),
        },
    )
    df_t = at(
        lambda: dc_t * c_prev, {"C_t stands in place of C_{t-1} in δf_t": lambda: dc_t * c_t}
    )
    dc_prev = at(lambda: dc_t * f_t, {"f_t is left out in δC_{t-1}": lambda: dc_t})
    blocks = (
        ("i_t", dc_t * c_tilde, i_t * (1 - i_t)),
        ("f_t", df_t, f_t * (1 - f_t)),
        ("C̃_t", dc_t * i_t, 1 - c_tilde**2),
        ("o_t", do_t, o_t * (1 - o_t)),
    )
    da_t = torch.cat([_squashed(at, *block) for block in blocks], -1)
    h_t = o_t * t
    gradients = _through_weights(at, da_t, x_t, h_prev, h_t, W_xh, W_hh)
    return gradients | {"dc_prev": dc_prev}


def gru_backward(at, dh_t, x_t, h_prev, W_xh, W_hh, b_h=0.0, b_hn=0.0, *, reset):
    """One step of the GRU: through h_t, then through n_t, then through the gates."""
    r_t, z_t, n_t, u_t = _gru_parts(x_t, h_prev, W_xh, W_hh, b_h, b_hn, reset)
    h_t = (1 - z_t) * n_t + z_t * h_prev
    dn_t = at(
        lambda: dh_t * (1 - z_t),
        {
            "z_t stands in place of 1 - z_t in δn_t": lambda: dh_t * z_t,
            "1 - z_t is left out in δn_t": lambda: dh_t,
        },
    )
    dz_t = at(
        lambda: dh_t * (h_prev - n_t),
        {
            "the sign of δz_t is turned": lambda: dh_t * (n_t - h_prev),
            "n_t is left out in δz_t": lambda: dh_t * h_prev,
            "h_{t-1} is left out in δz_t": lambda: -dh_t * n_t,
        },
    )
    direct = at(
        lambda: dh_t * z_t,
        {
            "δh_t ⊙ z_t is left out in δh_{t-1}": lambda: 0 * dh_t,
            "z_t is left out in δh_{t-1}": lambda: dh_t,
            "1 - z_t stands in place of z_t in δh_{t-1}": lambda: dh_t * (1 - z_t),
        },
    )
    da_n = _squashed(at, "n_t", dn_t, 1 - n_t**2)
    candidate = _reset_after if reset == "after" else _reset_before
    dr_t, dh_from_n, weights_of = candidate(at, da_n, r_t, u_t, h_prev, W_hh.chunk(3)[2])
    da_r = _squashed(at, "r_t", dr_t, r_t * (1 - r_t))
    da_z = _squashed(at, "z_t", dz_t, z_t * (1 - z_t))
    da_rz = torch.cat([da_r, da_z], -1)
    dW_hh, db_hn = weights_of(da_rz, h_t)
    gradients = _through_inputs(at, torch.cat([da_rz, da_n], -1), x_t, W_xh, dW_hh)
    dh_prev = direct + da_rz @ W_hh[: da_rz.shape[-1]] + dh_from_n
    return gradients | {"dh_prev": dh_prev, "db_hn": db_hn}


def _reset_after(at, da_n, r_t, u_t, h_prev, W_hn):
    """From δa_n back through r_t ⊙ u_t, with u_t = W_hn h_{t-1} + b_hn."""
    dr_t = at(
        lambda: da_n * u_t,
        {"h_{t-1} stands in place of W_hn h_{t-1} + b_hn in δr_t": lambda: da_n * h_prev},
    )
    du_t = at(
        lambda: da_n * r_t, {"r_t is left out on the way from δa_n to W_hn": lambda: da_n}
    )

    def weights(da_rz, h_t):
        da_t = torch.cat([da_rz, du_t], -1)
        return _through_state(at, lambda h: da_t.T @ h, h_prev, h_t), du_t.sum(0)

    return dr_t, du_t @ W_hn, weights


def _reset_before(at, da_n, r_t, u_t, h_prev, W_hn):
    """From δa_n back through W_hn s_t, with s_t = r_t ⊙ h_{t-1}."""
    ds_t = da_n @ W_hn
    dr_t = at(lambda: ds_t * h_prev, {"W_hn is left out in δr_t": lambda: da_n * h_prev})
    dh_from_n = at(
        lambda: ds_t * r_t, {"r_t is left out on the way from n_t to h_{t-1}": lambda: ds_t}
    )
    s_t = at(
        lambda: r_t * h_prev,
        {"h_{t-1} stands in place of r_t ⊙ h_{t-1} in δW_hn": lambda: h_prev},
    )

    def weights(da_rz, h_t):
        def dW_hh(h):
            return torch.cat([da_rz.T @ h, da_n.T @ s_t])

        return _through_state(at, dW_hh, h_prev, h_t), torch.zeros_like(s_t[0])

    return dr_t, dh_from_n, weights


def _squashed(at, gate, dv, slope):
    wrong = {"the slope of σ or tanh is left out": lambda: dv}
    return at.each(gate, lambda: dv * slope, wrong)


def _through_weights(at, da_t, x_t, h_prev, h_t, W_xh, W_hh, turned=None):
    """From δa_t to the gradients of what a_t is made of."""
    dW_hh = _through_state(at, lambda h: da_t.T @ h, h_prev, h_t)
    gradients = _through_inputs(at, da_t, x_t, W_xh, dW_hh)
    return gradients | {"dh_prev": at(lambda: da_t @ W_hh, turned or {})}


def _through_state(at, dW_hh, h_prev, h_t):
    """δW_hh, a function of the state that W_hh was multiplied with."""
    return at(
        lambda: dW_hh(h_prev),
        {
            "h_t stands in place of h_{t-1} in δW_hh": lambda: dW_hh(h_t),
            "δW_hh is transposed": lambda: dW_hh(h_prev).T,
        },
    )


def _through_inputs(at, da_t, x_t, W_xh, dW_hh):
    size = at(
        lambda: 1,
        {
            "the gradients of the weights are averaged over the batch, not summed": lambda: len(
                x_t
            )
        },
    )
    dW_xh = at(lambda: da_t.T @ x_t, {"δW_xh is transposed": lambda: x_t.T @ da_t})
    db_h = at(
        lambda: da_t.sum(0) / size,
        {
            "δb_h is not summed over the batch": lambda: da_t,
            "δb_h is averaged over the batch, not summed": lambda: da_t.mean(0),
        },
    )
    return {"dx_t": da_t @ W_xh, "dW_xh": dW_xh / size, "dW_hh": dW_hh / size, "db_h": db_h}


def through_time(at, backward, forward, dstates, xs, first, weights):
    """Backpropagation through time for a cell whose carry is the tuple `first`."""
    before = [first]
    for x_t in xs:
        before.append(forward(x_t, before[-1], **weights))
    later, seen = tuple(torch.zeros_like(state) for state in first), []
    for t in reversed(range(len(xs))):
        arrived = _arrived(at, later, tuple(d[t] for d in dstates), last=t == len(xs) - 1)
        gradients = backward(at, *arrived, xs[t], *before[t], **weights)
        later = tuple(gradients[f"d{letter}_prev"] for letter in "hc"[: len(first)])
        seen.append(gradients)
    in_time = seen[::-1]
    summed = [name for name in ("dW_xh", "dW_hh", "db_h", "db_hn") if name in seen[0]]
    sums = {name: torch.stack([g[name] for g in seen]) for name in summed}
    over = at(
        lambda: lambda parts: parts.sum(0),
        {
            "the gradients of the weights are those of the first step, not summed over time": (
                lambda: lambda parts: parts[-1]
            ),
            "the gradients of the weights are those of the last step, not summed over time": (
                lambda: lambda parts: parts[0]
            ),
            "the gradients of the weights are averaged over time, not summed": (
                lambda: lambda parts: parts.mean(0)
            ),
        },
    )
    dxs = at(
        lambda: [g["dx_t"] for g in in_time],
        {"dxs runs backwards": lambda: [g["dx_t"] for g in seen]},
    )
    return {
        "dxs": torch.stack(dxs),
        **{f"d{letter}_0": state for letter, state in zip("hc", later, strict=False)},
        **{name: over(parts) for name, parts in sums.items()},
    }


def _arrived(at, later, here, last):
    """All that reaches the state at step t: from the loss there, and from step t + 1."""
    return at(
        lambda: tuple(a + b for a, b in zip(later, here, strict=True)),
        {
            "what comes back from step t + 1 is left out": lambda: here,
            "only the loss at the last step counts": lambda: here if last else later,
        },
    )


def _rnn_forward(x_t, carry, W_xh, W_hh, b_h=0.0):
    return (torch.tanh(x_t @ W_xh.T + carry[0] @ W_hh.T + b_h),)


def _lstm_forward(x_t, carry, W_xh, W_hh, b_h=0.0):
    i, f, c, o = (x_t @ W_xh.T + carry[0] @ W_hh.T + b_h).chunk(4, -1)
    c_t = torch.sigmoid(f) * carry[1] + torch.sigmoid(i) * torch.tanh(c)
    return torch.sigmoid(o) * torch.tanh(c_t), c_t


def _gru_parts(x_t, h_prev, W_xh, W_hh, b_h, b_hn, reset):
    """r_t, z_t, n_t and u_t = W_hn h_{t-1} + b_hn."""
    (x_r, x_z, x_n), (W_hr, W_hz, W_hn) = (x_t @ W_xh.T + b_h).chunk(3, -1), W_hh.chunk(3)
    r_t, z_t = torch.sigmoid(x_r + h_prev @ W_hr.T), torch.sigmoid(x_z + h_prev @ W_hz.T)
    u_t = h_prev @ W_hn.T + b_hn
    n_t = torch.tanh(x_n + (r_t * u_t if reset == "after" else (r_t * h_prev) @ W_hn.T))
    return r_t, z_t, n_t, u_t


def _gru_forward(x_t, carry, W_xh, W_hh, b_h=0.0, b_hn=0.0, *, reset):
    _, z_t, n_t, _ = _gru_parts(x_t, carry[0], W_xh, W_hh, b_h, b_hn, reset)
    return ((1 - z_t) * n_t + z_t * carry[0],)


def _rnn_bptt(at, dhs, xs, h_0, **weights):
    return through_time(at, rnn_backward, _rnn_forward, (dhs,), xs, (h_0,), weights)


def _lstm_bptt(at, dhs, dcs, xs, h_0, c_0, **weights):
    return through_time(at, lstm_backward, _lstm_forward, (dhs, dcs), xs, (h_0, c_0), weights)


def _gru_bptt(at, dhs, xs, h_0, *, reset, **weights):
    step = partial(gru_backward, reset=reset), partial(_gru_forward, reset=reset)
    return through_time(at, *step, (dhs,), xs, (h_0,), weights)


def _weights(rows):
    return {"W_xh": f"{rows} I", "W_hh": f"{rows} H", "b_h": rows}


def _family(recipe, states, inputs, rows):
    shapes = dict.fromkeys(states.split(), "B H")
    return Family(recipe, shapes | inputs | _weights(rows), ("b_h",))


def _gru_families(reset):
    bias, optional = ({"b_hn": "H"}, ("b_h", "b_hn")) if reset == "after" else ({}, ("b_h",))
    step = {"dh_t": "B H", "x_t": "B I", "h_prev": "B H"}
    sequence = {"dhs": "T B H", "xs": "T B I", "h_0": "B H"}
    for recipe, arguments in ((gru_backward, step), (_gru_bptt, sequence)):
        shapes = arguments | _weights("3H") | bias
        yield Family(partial(recipe, reset=reset), shapes, optional)


BACKWARD = (
    _family(rnn_backward, "dh_t", {"x_t": "B I", "h_prev": "B H"}, "H"),
    _family(lstm_backward, "dh_t dc_t", {"x_t": "B I", "h_prev": "B H", "c_prev": "B H"}, "4H"),
    _family(_rnn_bptt, "h_0", {"dhs": "T B H", "xs": "T B I"}, "H"),
    _family(_lstm_bptt, "h_0 c_0", {"dhs": "T B H", "dcs": "T B H", "xs": "T B I"}, "4H"),
    *_gru_families("after"),
    *_gru_families("before"),
)
