"""Rounded to float32 on the way."""
# loses: candidate lstm-step lstm-sequence
# told: checks.precision

import torch


def candidate(x_t, h_prev, W_C, b_C):
    a = torch.cat([h_prev, x_t], dim=-1).float() @ W_C.float().T + b_C.float()
    return torch.tanh(a).to(x_t.dtype)
