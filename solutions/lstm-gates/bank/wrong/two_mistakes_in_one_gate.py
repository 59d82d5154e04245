"""Two mistakes in one gate."""
# loses: candidate lstm-step lstm-sequence
# told: before(x_t, h_{t-1}) + in-place-of(σ, tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    return torch.sigmoid(torch.cat([x_t, h_prev], dim=-1) @ W_C.T + b_C)
