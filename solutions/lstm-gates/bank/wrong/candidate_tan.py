"""A candidate with a typing error in tanh."""
# loses: candidate lstm-step lstm-sequence
# told: in-place-of(tan, tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.tan(hx @ W_C.T + b_C)
