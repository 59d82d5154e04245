"""A candidate that goes wrong twice."""
# loses: candidate lstm-step lstm-sequence
# told: reshaped(W_C) + in-place-of(ReLU, tanh)

import torch


def candidate(x_t, h_prev, W_C, b_C):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.relu(hx.mm(W_C.contiguous().view(hx.shape[1], h_prev.shape[1])) + b_C)
