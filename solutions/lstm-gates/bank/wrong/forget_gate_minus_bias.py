"""A forget gate with a wrong sign before the bias."""
# loses: forget-gate lstm-step lstm-sequence
# told: subtracted(b_f)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    z = torch.cat([h_prev, x_t], dim=1) @ W_f.T - b_f
    return z.sigmoid()
