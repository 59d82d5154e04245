"""No sigmoid."""
# loses: input-gate lstm-step lstm-sequence
# told: left-out(σ)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.cat([h_prev, x_t], dim=-1) @ W_i.T + b_i
