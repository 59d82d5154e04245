"""W cut in two."""

import torch


def split(x, h, W, b):
    H = h.shape[-1]
    return h @ W[:, :H].T + x @ W[:, H:].T + b


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(split(x_t, h_prev, W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(split(x_t, h_prev, W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(split(x_t, h_prev, W_C, b_C))


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(split(x_t, h_prev, W_o, b_o))
