"""Softmax for sigmoid."""
# loses: forget-gate lstm-step lstm-sequence
# told: in-place-of(softmax, σ)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.softmax(torch.cat([h_prev, x_t], dim=-1) @ W_f.T + b_f, dim=-1)
