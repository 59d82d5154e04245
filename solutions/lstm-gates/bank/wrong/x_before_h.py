"""X before h."""
# loses: forget-gate lstm-step lstm-sequence
# told: before(x_t, h_{t-1})

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(torch.cat([x_t, h_prev], dim=-1) @ W_f.T + b_f)
