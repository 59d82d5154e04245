"""A candidate rounded to four digits for easier reading."""
# loses: candidate lstm-step lstm-sequence
# told: checks.rounded

import torch


def candidate(x_t, h_prev, W_C, b_C):
    hx = torch.cat([h_prev, x_t], dim=1)
    c_tilde = torch.tanh(hx @ W_C.T + b_C)
    return torch.round(c_tilde, decimals=4)
