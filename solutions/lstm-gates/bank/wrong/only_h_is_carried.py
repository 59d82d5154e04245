"""Only h is carried."""
# loses: lstm-sequence
# told: not-carried-one(C_0, C_t)

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, hs = h_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_0, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
