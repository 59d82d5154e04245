"""Only C is carried."""
# loses: lstm-sequence
# told: not-carried-one(h_0, h_t)

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    c_t, hs = c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_0, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
