"""The four matrices lie along an axis of their own, and the pair of states is returned as a list."""

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    W = torch.stack([W_f, W_i, W_o, W_C])
    b = torch.stack([b_f, b_i, b_o, b_C]).unsqueeze(1)
    v = torch.cat([h_prev, x_t], dim=1).expand(4, -1, -1)
    z = torch.baddbmm(b, v, W.transpose(1, 2))
    f, i, o = z[:3].sigmoid()
    c = torch.stack([f * c_prev, i * z[3].tanh()]).sum(0)
    return [o * c.tanh(), c]


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    pairs = [(h_0, c_0)]
    for t in range(1, xs.size(0) + 1):
        pairs.append(
            lstm_step(xs[t - 1], *pairs[t - 1], W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        )
    hs = torch.cat([h[None] for h, _ in pairs[1:]], dim=0)
    return [hs, *pairs[-1]]
