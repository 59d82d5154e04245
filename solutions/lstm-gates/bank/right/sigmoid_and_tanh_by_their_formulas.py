"""Sigmoid and tanh by their formulas."""

import torch


def sigma(a):
    return 1 / (1 + torch.exp(-a))


def forget_gate(x_t, h_prev, W_f, b_f):
    return sigma(torch.addmm(b_f, torch.cat([h_prev, x_t], -1), W_f.T))


def input_gate(x_t, h_prev, W_i, b_i):
    return 1 / (1 + torch.e ** -(torch.cat([h_prev, x_t], -1) @ W_i.T + b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return 2 * sigma(2 * torch.addmm(b_C, torch.cat([h_prev, x_t], -1), W_C.T)) - 1


def output_gate(x_t, h_prev, W_o, b_o):
    return sigma(torch.addmm(b_o, torch.cat([h_prev, x_t], -1), W_o.T))


def hidden_state(o_t, c_t):
    return o_t * (1 - torch.exp(-2 * c_t.abs())) / (1 + torch.exp(-2 * c_t.abs())) * c_t.sign()
