"""The weight matrix is cut into the part for h and the part for x, and no concatenation is made."""

import torch


def two_products(x, h, W, b):
    H = h.size(1)
    return h @ W[:, :H].T + x @ W[:, H:].T + b


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(two_products(x_t, h_prev, W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(two_products(x_t, h_prev, W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(two_products(x_t, h_prev, W_C, b_C))


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(two_products(x_t, h_prev, W_o, b_o))
