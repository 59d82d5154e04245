"""A forget gate that makes the shapes fit by reshaping."""
# loses: forget-gate lstm-step lstm-sequence
# told: reshaped(W_f)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid(hx @ W_f.reshape(hx.shape[1], -1) + b_f)
