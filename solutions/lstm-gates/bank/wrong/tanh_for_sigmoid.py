"""Tanh for sigmoid."""
# loses: output-gate lstm-step lstm-sequence
# told: in-place-of(tanh, σ)

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.tanh(torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o)
