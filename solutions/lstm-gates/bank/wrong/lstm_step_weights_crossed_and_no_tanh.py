"""A step with two slips."""
# loses: lstm-step lstm-sequence
# told: exchanged(W_o, b_o, W_C, b_C) + left-out(tanh)

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    hx = torch.cat([h_prev, x_t], dim=1)
    f_t = torch.sigmoid(hx @ W_f.T + b_f)
    i_t = torch.sigmoid(hx @ W_i.T + b_i)
    c_tilde = torch.tanh(hx @ W_o.T + b_o)
    o_t = torch.sigmoid(hx @ W_C.T + b_C)
    c_t = f_t * c_prev + i_t * c_tilde
    return o_t * c_t, c_t
