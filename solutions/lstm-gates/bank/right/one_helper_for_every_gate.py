"""One helper for every gate."""

import torch


def act(activation, x, h, W, b):
    return activation(torch.cat((h, x), 1).matmul(W.t()).add(b))


def forget_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)


def input_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)


def output_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)


def candidate(x, h, W, b):
    return act(torch.tanh, x, h, W, b)
