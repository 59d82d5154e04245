"""All gates by one wrong helper."""
# loses: forget-gate input-gate output-gate lstm-step lstm-sequence
# told: before(x_t, h_{t-1}) + squared(σ)

import torch


def gate(x, h, W, b):
    I = x.shape[1]
    H = h.shape[1]
    z = h @ W[:, -H:].T + x @ W[:, :I].T + b
    return torch.sigmoid(z) ** 2


def forget_gate(x_t, h_prev, W_f, b_f):
    return gate(x_t, h_prev, W_f, b_f)


def input_gate(x_t, h_prev, W_i, b_i):
    return gate(x_t, h_prev, W_i, b_i)


def output_gate(x_t, h_prev, W_o, b_o):
    return gate(x_t, h_prev, W_o, b_o)
