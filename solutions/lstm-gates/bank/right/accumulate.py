"""The sequence is an itertools.accumulate over the inputs with the pair of states as the value."""

from itertools import accumulate

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    params = (W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
    states = accumulate(xs, lambda s, x: lstm_step(x, *s, *params), initial=(h_0, c_0))
    hs, cs = zip(*list(states)[1:])
    return torch.stack(hs), hs[-1], cs[-1]
