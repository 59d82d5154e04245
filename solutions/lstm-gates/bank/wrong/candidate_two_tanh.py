"""A candidate that applies tanh to each product."""
# loses: candidate lstm-step lstm-sequence
# told: squashed-apart(tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    H = h_prev.shape[1]
    part_h = torch.tanh(h_prev @ W_C[:, :H].T + b_C)
    part_x = torch.tanh(x_t @ W_C[:, H:].T)
    return part_h + part_x
