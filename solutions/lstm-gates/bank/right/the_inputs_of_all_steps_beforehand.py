"""The inputs of all steps beforehand."""

from itertools import accumulate

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    H = h_0.shape[1]
    W = torch.cat([W_f, W_i, W_C, W_o])
    W_h, W_x = W[:, :H], W[:, H:]
    from_x = xs @ W_x.T + torch.cat([b_f, b_i, b_C, b_o])

    def step(state, a):
        h, c = state
        f, i, g, o = (a + h @ W_h.T).split(H, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    states = list(accumulate(from_x, step, initial=(h_0, c_0)))[1:]
    return torch.stack([h for h, _ in states]), *states[-1]
