"""Loop over the batch in place of time."""
# loses: lstm-sequence
# told: checks.raised

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for n in range(xs.shape[1]):
        h_t, c_t = lstm_step(xs[:, n], h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
