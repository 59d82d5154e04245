"""Each sequence of the batch becomes a column, and bmm multiplies it by an expanded copy of W."""

import torch


def column(x, h, W, b):
    v = torch.hstack([h, x]).unsqueeze(2)
    big = W.unsqueeze(0).expand(v.shape[0], -1, -1)
    return torch.bmm(big, v).squeeze(2) + b


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(column(x_t, h_prev, W_f, b_f))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(column(x_t, h_prev, W_C, b_C))


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(column(x_t, h_prev, W_o, b_o))
