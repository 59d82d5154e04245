"""The backward of RNN and LSTM by hand, one step and through time, with its mistakes.

δv is the gradient of the loss with respect to v, `dv` in code.
"""

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


def _squashed(at, gate, dv, slope):
    wrong = {"the slope of σ or tanh is left out": lambda: dv}
    return at.each(gate, lambda: dv * slope, wrong)


def _through_weights(at, da_t, x_t, h_prev, h_t, W_xh, W_hh, turned=None):
    """From δa_t to the gradients of what a_t is made of."""
    size = at(
        lambda: 1,
        {
            "the gradients of the weights are averaged over the batch, not summed": lambda: len(
                x_t
            )
        },
    )
    dW_hh = at(
        lambda: da_t.T @ h_prev,
        {
            "h_t stands in place of h_{t-1} in δW_hh": lambda: da_t.T @ h_t,
            "δW_hh is transposed": lambda: h_prev.T @ da_t,
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
    dh_prev = at(lambda: da_t @ W_hh, turned or {})
    return {
        "dx_t": da_t @ W_xh,
        "dh_prev": dh_prev,
        "dW_xh": dW_xh / size,
        "dW_hh": dW_hh / size,
        "db_h": db_h,
    }


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
    sums = {name: torch.stack([g[name] for g in seen]) for name in ("dW_xh", "dW_hh", "db_h")}
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


def _rnn_bptt(at, dhs, xs, h_0, **weights):
    return through_time(at, rnn_backward, _rnn_forward, (dhs,), xs, (h_0,), weights)


def _lstm_bptt(at, dhs, dcs, xs, h_0, c_0, **weights):
    return through_time(at, lstm_backward, _lstm_forward, (dhs, dcs), xs, (h_0, c_0), weights)


def _weights(rows):
    return {"W_xh": f"{rows} I", "W_hh": f"{rows} H", "b_h": rows}


def _family(recipe, states, inputs, rows):
    shapes = dict.fromkeys(states.split(), "B H")
    return Family(recipe, shapes | inputs | _weights(rows), ("b_h",))


BACKWARD = (
    _family(rnn_backward, "dh_t", {"x_t": "B I", "h_prev": "B H"}, "H"),
    _family(lstm_backward, "dh_t dc_t", {"x_t": "B I", "h_prev": "B H", "c_prev": "B H"}, "4H"),
    _family(_rnn_bptt, "h_0", {"dhs": "T B H", "xs": "T B I"}, "H"),
    _family(_lstm_bptt, "h_0 c_0", {"dhs": "T B H", "dcs": "T B H", "xs": "T B I"}, "4H"),
)
