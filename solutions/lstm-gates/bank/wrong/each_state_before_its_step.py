"""Each state before its step."""
# loses: lstm-sequence
# told: collected-before

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in xs:
        hs.append(h_t)
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
    return torch.stack(hs), h_t, c_t
