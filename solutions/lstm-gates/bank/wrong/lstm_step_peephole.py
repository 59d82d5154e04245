"""A step with a peephole for the output gate."""
# loses: lstm-step lstm-sequence
# told: peephole(C_t)

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    hx = torch.cat([h_prev, x_t], dim=1)
    f_t = torch.sigmoid(hx @ W_f.T + b_f)
    i_t = torch.sigmoid(hx @ W_i.T + b_i)
    c_t = f_t * c_prev + i_t * torch.tanh(hx @ W_C.T + b_C)
    o_t = torch.sigmoid(hx @ W_o.T + b_o + c_t)
    return o_t * torch.tanh(c_t), c_t
