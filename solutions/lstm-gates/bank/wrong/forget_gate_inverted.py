"""A forget gate that says how much is forgotten."""
# loses: forget-gate lstm-step lstm-sequence
# told: exponent

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    hx = torch.cat([h_prev, x_t], dim=1)
    keep = torch.sigmoid(hx @ W_f.T + b_f)
    forget = 1 - keep
    return forget
