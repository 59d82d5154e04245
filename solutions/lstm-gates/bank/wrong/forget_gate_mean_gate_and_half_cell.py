"""A forget gate and a cell update, each with a slip."""
# loses: forget-gate cell-update lstm-step lstm-sequence
# told: checks.same-in-batch

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    f = torch.sigmoid(torch.cat([h_prev, x_t], dim=1) @ W_f.T + b_f)
    return f.mean(dim=0, keepdim=True).expand_as(f)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return (f_t * c_prev + i_t * c_tilde) / 2
