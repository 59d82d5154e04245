"""Einsum."""

import torch


def product(x_t, h_prev, W):
    return torch.einsum("bk,hk->bh", torch.cat([h_prev, x_t], dim=1), W)


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(product(x_t, h_prev, W_f) + b_f)


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(product(x_t, h_prev, W_i) + b_i)


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(product(x_t, h_prev, W_C) + b_C)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.einsum("bh,bh->bh", f_t, c_prev) + torch.einsum("bh,bh->bh", i_t, c_tilde)


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(product(x_t, h_prev, W_o) + b_o)
