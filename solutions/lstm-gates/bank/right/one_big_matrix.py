"""The step multiplies once by the four matrices on top of each other and cuts the result into four."""

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    W = torch.cat([W_f, W_i, W_o, W_C])
    b = torch.cat([b_f, b_i, b_o, b_C])
    z = torch.cat([h_prev, x_t], 1) @ W.T + b
    n = h_prev.shape[1]
    gates = torch.sigmoid(z[:, : 3 * n])
    f, i, o = gates.chunk(3, dim=1)
    c = f * c_prev + i * torch.tanh(z[:, 3 * n :])
    return o * torch.tanh(c), c
