"""An output gate with a scale from attention."""
# loses: output-gate lstm-step lstm-sequence
# told: sum-divided(√(H + I))

import math

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    hx = torch.cat([h_prev, x_t], dim=1)
    z = hx @ W_o.T + b_o
    return torch.sigmoid(z / math.sqrt(h_prev.shape[1] + x_t.shape[1]))
