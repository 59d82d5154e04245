"""A sequence that stops one step too early."""
# loses: lstm-sequence
# told: last-step-missed

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    T = xs.shape[0]
    h, c = h_0, c_0
    hs = []
    for t in range(T - 1):
        h, c = lstm_step(xs[t], h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs.append(h)
    return torch.stack(hs), h, c
