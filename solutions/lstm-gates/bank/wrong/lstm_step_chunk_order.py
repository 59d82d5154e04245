"""A step with one stacked matrix, taken apart in another order."""
# loses: lstm-step lstm-sequence
# told: exchanged(W_o, b_o, W_C, b_C)

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    W = torch.cat([W_f, W_i, W_C, W_o], dim=0)
    b = torch.cat([b_f, b_i, b_C, b_o])
    z = torch.cat([h_prev, x_t], dim=1) @ W.T + b
    f, i, o, g = z.chunk(4, dim=1)
    c_t = torch.sigmoid(f) * c_prev + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c_t), c_t
