"""Recursion instead of a loop."""

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h, c = lstm_step(xs[0], h_0, c_0, *weights)
    if len(xs) == 1:
        return h[None], h, c
    hs, h_T, c_T = lstm_sequence(xs[1:], h, c, *weights)
    return torch.cat([h[None], hs]), h_T, c_T
