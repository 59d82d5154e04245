"""Torch's functions in place of operators."""

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.add(torch.mul(f_t, c_prev), torch.mul(i_t, c_tilde))


def hidden_state(o_t, c_t):
    return torch.mul(o_t, torch.tanh(c_t))


def lstm_step(x_t, h_prev, c_prev, *weights):
    u = torch.hstack([h_prev, x_t])
    f, i, g, o = map(torch.nn.functional.linear, [u] * 4, weights[::2], weights[1::2])
    kept = torch.mul(torch.sigmoid(f), c_prev)
    c_t = torch.addcmul(kept, torch.sigmoid(i), torch.tanh(g))
    return torch.mul(torch.sigmoid(o), torch.tanh(c_t)), c_t
