"""Overflow."""
# loses: output-gate lstm-step lstm-sequence
# told: checks.finite

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    a = torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o
    return torch.exp(a) / (1 + torch.exp(a))
