"""W for h not transposed."""
# loses: output-gate lstm-step lstm-sequence
# told: half-not-transposed(W_o, h_{t-1})

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    H = h_prev.shape[-1]
    return torch.sigmoid(h_prev @ W_o[:, :H] + x_t @ W_o[:, H:].T + b_o)
