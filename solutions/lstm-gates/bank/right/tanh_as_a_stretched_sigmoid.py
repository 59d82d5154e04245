"""Tanh as a stretched sigmoid."""

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return (torch.stack([f_t, i_t]) * torch.stack([c_prev, c_tilde])).sum(dim=0)


def hidden_state(o_t, c_t):
    return o_t * (2 * torch.sigmoid(2 * c_t) - 1)


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    u = torch.cat((h_prev, x_t), dim=1)
    a = torch.einsum("bk,ghk->gbh", u, torch.stack([W_f, W_i, 2 * W_C, W_o]))
    f_t, i_t, s, o_t = torch.sigmoid(a + torch.stack([b_f, b_i, 2 * b_C, b_o])[:, None])
    c_t = f_t * c_prev + i_t * (2 * s - 1)
    return o_t * (2 * torch.sigmoid(2 * c_t) - 1), c_t
