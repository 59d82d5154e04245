"""An input gate whose helper applies the sigmoid already."""
# loses: input-gate lstm-step lstm-sequence
# told: twice(σ)

import torch


def dense(x, h, W, b):
    return torch.sigmoid(torch.cat([h, x], dim=1) @ W.T + b)


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(dense(x_t, h_prev, W_i, b_i))
