"""The functions are written for one sequence, and torch.vmap extends them to the batch."""

import torch


def one(x, h, W, b):
    return torch.mv(W, torch.cat([h, x])) + b


many = torch.vmap(one, in_dims=(0, 0, None, None))


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(many(x_t, h_prev, W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(many(x_t, h_prev, W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(many(x_t, h_prev, W_C, b_C))


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(many(x_t, h_prev, W_o, b_o))
