"""A forget gate whose bias was forgotten."""
# loses: forget-gate lstm-step lstm-sequence
# told: left-out(b_f)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid(hx @ W_f.T)
