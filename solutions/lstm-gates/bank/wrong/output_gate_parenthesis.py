"""An output gate with a sigmoid of its own."""
# loses: output-gate lstm-step lstm-sequence
# told: in-place-of(1 + e^{-a}, σ)

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    z = torch.cat([h_prev, x_t], dim=1) @ W_o.T + b_o
    return 1 / 1 + torch.exp(-z)
