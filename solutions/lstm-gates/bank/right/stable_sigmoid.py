"""A sigmoid of one's own that takes exp of negative numbers only."""

import torch


def my_sigmoid(z):
    e = torch.exp(-z.abs())
    return torch.where(z >= 0, 1 / (1 + e), e / (1 + e))


def forget_gate(x_t, h_prev, W_f, b_f):
    return my_sigmoid(torch.cat([h_prev, x_t], dim=1) @ W_f.T + b_f)


def input_gate(x_t, h_prev, W_i, b_i):
    return my_sigmoid(torch.cat([h_prev, x_t], dim=1) @ W_i.T + b_i)


def output_gate(x_t, h_prev, W_o, b_o):
    return my_sigmoid(torch.cat([h_prev, x_t], dim=1) @ W_o.T + b_o)
