"""A class."""

import torch


class Cell:
    def __init__(self, *weights):
        self.pairs = list(zip(weights[::2], weights[1::2], strict=True))

    def __call__(self, x, h, c):
        f, i, g, o = (torch.cat([h, x], 1) @ W.T + b for W, b in self.pairs)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


def lstm_step(x_t, h_prev, c_prev, *weights):
    return Cell(*weights)(x_t, h_prev, c_prev)


def lstm_sequence(xs, h_0, c_0, *weights):
    cell, state, seen = Cell(*weights), (h_0, c_0), []
    for x in xs.unbind(0):
        state = cell(x, *state)
        seen += [state[0]]
    return [torch.stack(seen, dim=0), *state]
