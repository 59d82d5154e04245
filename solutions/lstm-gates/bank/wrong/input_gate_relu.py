"""An input gate with ReLU."""
# loses: input-gate lstm-step lstm-sequence
# told: in-place-of(ReLU, σ)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.relu(hx @ W_i.T + b_i)
