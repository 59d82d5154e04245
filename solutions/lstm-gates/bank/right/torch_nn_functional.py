"""Torch.nn.functional."""

import torch
import torch.nn.functional as F


def forget_gate(x_t, h_prev, W_f, b_f):
    return F.sigmoid(F.linear(torch.hstack([h_prev, x_t]), W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.nn.Sigmoid()(F.linear(torch.hstack([h_prev, x_t]), W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return F.tanh(F.linear(torch.hstack([h_prev, x_t]), W_C, b_C))


def output_gate(x_t, h_prev, W_o, b_o):
    return F.linear(torch.hstack([h_prev, x_t]), W_o, b_o).sigmoid()


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.addcmul(f_t * c_prev, i_t, c_tilde)
