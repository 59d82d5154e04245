"""A list of numbers."""
# loses: output-gate lstm-step lstm-sequence
# told: checks.one

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o).tolist()
