"""The gates use sigma(z) = (1 + tanh(z / 2)) / 2."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return 0.5 * (1 + torch.tanh(0.5 * (torch.cat([h_prev, x_t], dim=1) @ W_f.T + b_f)))


def input_gate(x_t, h_prev, W_i, b_i):
    z = torch.cat([h_prev, x_t], dim=1) @ W_i.T + b_i
    return (1 + (z / 2).tanh()) / 2


def output_gate(x_t, h_prev, W_o, b_o):
    z = torch.cat([h_prev, x_t], dim=1) @ W_o.T + b_o
    return torch.tanh(z / 2) / 2 + 0.5
