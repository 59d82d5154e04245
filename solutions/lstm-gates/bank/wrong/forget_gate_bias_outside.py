"""A forget gate with a bracket in the wrong place."""
# loses: forget-gate lstm-step lstm-sequence
# told: bias-outside(b_f, σ)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid(hx @ W_f.T) + b_f
