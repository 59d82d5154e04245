"""nn.Linear with its weights set to the given ones, so that the results ask for gradients."""

import torch
from torch import nn


def layer(W, b):
    linear = nn.Linear(W.shape[1], W.shape[0])
    linear.weight = nn.Parameter(W)
    linear.bias = nn.Parameter(b)
    return linear


def forget_gate(x_t, h_prev, W_f, b_f):
    return nn.Sigmoid()(layer(W_f, b_f)(torch.cat([h_prev, x_t], dim=1)))


def input_gate(x_t, h_prev, W_i, b_i):
    return nn.Sigmoid()(layer(W_i, b_i)(torch.cat([h_prev, x_t], dim=1)))


def candidate(x_t, h_prev, W_C, b_C):
    return nn.Tanh()(layer(W_C, b_C)(torch.cat([h_prev, x_t], dim=1)))


def output_gate(x_t, h_prev, W_o, b_o):
    return nn.Sigmoid()(layer(W_o, b_o)(torch.cat([h_prev, x_t], dim=1)))
