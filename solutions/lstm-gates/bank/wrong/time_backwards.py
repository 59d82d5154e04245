"""Time backwards."""
# loses: lstm-sequence
# told: time-backwards

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in reversed(xs):
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
