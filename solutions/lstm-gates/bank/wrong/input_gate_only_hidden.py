"""An input gate that does not see the input."""
# loses: input-gate lstm-step lstm-sequence
# told: left-out(x_t)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    H = h_prev.size(1)
    return torch.sigmoid(h_prev @ W_i[:, :H].T + b_i)
