"""A candidate with loops, the last of which stops early."""
# loses: candidate lstm-step lstm-sequence
# told: last-column(W_C)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    B, I = x_t.shape
    H = h_prev.shape[1]
    hx = torch.cat([h_prev, x_t], dim=1)
    z = b_C.repeat(B, 1)
    for k in range(H + I - 1):
        z = z + hx[:, k : k + 1] * W_C[:, k]
    return torch.tanh(z)
