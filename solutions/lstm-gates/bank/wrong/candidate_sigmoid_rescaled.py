"""A candidate that stretches the sigmoid to the range from -1 to 1."""
# loses: candidate lstm-step lstm-sequence
# told: in-place-of(tanh(a/2), tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    z = torch.cat([h_prev, x_t], dim=1) @ W_C.T + b_C
    return 2 * torch.sigmoid(z) - 1
