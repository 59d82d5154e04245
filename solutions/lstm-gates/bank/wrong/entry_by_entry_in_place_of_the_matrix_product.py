"""Entry by entry in place of the matrix product."""
# loses: forget-gate lstm-step lstm-sequence
# told: entrywise(W_f, [h_{t-1}, x_t])

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid((torch.cat([h_prev, x_t], dim=-1) * W_f).sum(dim=-1) + b_f)
