"""Every formula is written with einsum, even the product entry by entry."""

import torch


def lin(x, h, W, b):
    W_h, W_x = W.split([h.shape[1], x.shape[1]], dim=1)
    return torch.einsum("bk,hk->bh", h, W_h) + torch.einsum("bi,hi->bh", x, W_x) + b


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.special.expit(lin(x_t, h_prev, W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.special.expit(lin(x_t, h_prev, W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(lin(x_t, h_prev, W_C, b_C))


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.einsum("kbh,kbh->bh", torch.stack([f_t, i_t]), torch.stack([c_prev, c_tilde]))


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.special.expit(lin(x_t, h_prev, W_o, b_o))


def hidden_state(o_t, c_t):
    return torch.einsum("bh,bh->bh", o_t, torch.tanh(c_t))
