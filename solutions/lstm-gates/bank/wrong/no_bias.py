"""No bias."""
# loses: input-gate lstm-step lstm-sequence
# told: left-out(b_i)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_i.T)
