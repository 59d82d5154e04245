"""A list comprehension handles one sequence of the batch at a time with a matrix times a vector."""

import torch


def rows(x, h, W, b, act):
    return torch.stack([act(W @ torch.cat([h_row, x_row]) + b) for h_row, x_row in zip(h, x)])


def forget_gate(x_t, h_prev, W_f, b_f):
    return rows(x_t, h_prev, W_f, b_f, torch.sigmoid)


def input_gate(x_t, h_prev, W_i, b_i):
    return rows(x_t, h_prev, W_i, b_i, torch.sigmoid)


def candidate(x_t, h_prev, W_C, b_C):
    return rows(x_t, h_prev, W_C, b_C, torch.tanh)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.stack([f * c + i * g for f, i, g, c in zip(f_t, i_t, c_tilde, c_prev)])


def output_gate(x_t, h_prev, W_o, b_o):
    return rows(x_t, h_prev, W_o, b_o, torch.sigmoid)


def hidden_state(o_t, c_t):
    return torch.stack([o * torch.tanh(c) for o, c in zip(o_t, c_t)])
