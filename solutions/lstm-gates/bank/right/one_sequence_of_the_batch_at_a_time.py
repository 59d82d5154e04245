"""One sequence of the batch at a time."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    rows = [torch.sigmoid(W_f @ torch.cat([h, x]) + b_f) for x, h in zip(x_t, h_prev)]
    return torch.stack(rows)


def candidate(x_t, h_prev, W_C, b_C):
    out = torch.zeros_like(h_prev)
    for n in range(len(x_t)):
        out[n] = torch.tanh(torch.mv(W_C, torch.cat([h_prev[n], x_t[n]])) + b_C)
    return out
