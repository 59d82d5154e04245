"""Sigmoid for tanh."""
# loses: candidate lstm-step lstm-sequence
# told: in-place-of(σ, tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_C.T + b_C)
