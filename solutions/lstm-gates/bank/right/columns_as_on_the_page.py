"""Columns, as on the page."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(W_f @ torch.cat([h_prev.T, x_t.T]) + b_f[:, None]).T


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(W_C @ torch.cat([h_prev, x_t], 1).T + b_C.reshape(-1, 1)).T
