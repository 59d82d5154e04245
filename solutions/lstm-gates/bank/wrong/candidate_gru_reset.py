"""A candidate like that of the GRU."""
# loses: candidate lstm-step lstm-sequence
# told: own-reset

import torch


def candidate(x_t, h_prev, W_C, b_C):
    r = torch.sigmoid(torch.cat([h_prev, x_t], dim=1) @ W_C.T + b_C)
    return torch.tanh(torch.cat([r * h_prev, x_t], dim=1) @ W_C.T + b_C)
