"""The gates take the softmax of the two scores z and 0, which is the sigmoid."""

import torch


def gate(x, h, W, b):
    z = torch.column_stack((h, x)) @ W.mT + b
    return torch.stack([z, torch.zeros_like(z)]).softmax(dim=0)[0]


def forget_gate(x_t, h_prev, W_f, b_f):
    return gate(x_t, h_prev, W_f, b_f)


def input_gate(x_t, h_prev, W_i, b_i):
    return gate(x_t, h_prev, W_i, b_i)


def output_gate(x_t, h_prev, W_o, b_o):
    return gate(x_t, h_prev, W_o, b_o)
