"""Last states in the other order."""
# loses: lstm-sequence
# told: returned-swapped(h_T, C_T)

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), c_t, h_t
