"""A candidate with two slips."""
# loses: candidate lstm-step lstm-sequence
# told: in-place-of(clip(a, -1, 1), tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    z = torch.cat([h_prev, x_t], dim=1) @ W_C.T + b_C
    return torch.nn.functional.hardtanh(z).float()
