"""In place on own copies."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    a = torch.cat([h_prev, x_t], dim=-1) @ W_f.T
    a += b_f
    return a.sigmoid_()


def cell_update(f_t, i_t, c_tilde, c_prev):
    c_t = c_prev.clone()
    c_t *= f_t
    c_t += i_t * c_tilde
    return c_t


def hidden_state(o_t, c_t):
    return c_t.clone().tanh_().mul_(o_t)
