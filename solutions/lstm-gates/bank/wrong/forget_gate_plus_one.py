"""A forget gate with the forget bias of TensorFlow."""
# loses: forget-gate lstm-step lstm-sequence
# told: one-added(a)

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    forget_bias = 1.0
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid(hx @ W_f.T + b_f + forget_bias)
