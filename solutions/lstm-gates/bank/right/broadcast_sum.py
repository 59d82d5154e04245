"""The matrix product is a broadcast product entry by entry and a sum over the last axis."""

import torch


def dense(x, h, W, b):
    v = torch.cat([h, x], dim=1)
    return (v[:, None, :] * W[None, :, :]).sum(-1) + b[None, :]


def forget_gate(x_t, h_prev, W_f, b_f):
    return dense(x_t, h_prev, W_f, b_f).neg().exp().add(1).reciprocal()


def input_gate(x_t, h_prev, W_i, b_i):
    return 1 / (1 + torch.exp(-dense(x_t, h_prev, W_i, b_i)))


def candidate(x_t, h_prev, W_C, b_C):
    return dense(x_t, h_prev, W_C, b_C).tanh()


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.pow(1 + torch.exp(-dense(x_t, h_prev, W_o, b_o)), -1)
