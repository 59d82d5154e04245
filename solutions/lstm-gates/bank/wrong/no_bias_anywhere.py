"""No bias anywhere."""
# loses: lstm-step lstm-sequence
# told: no-bias

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    u = torch.cat([h_prev, x_t], dim=-1)
    f_t, i_t, o_t = torch.sigmoid(u @ W_f.T), torch.sigmoid(u @ W_i.T), torch.sigmoid(u @ W_o.T)
    c_t = f_t * c_prev + i_t * torch.tanh(u @ W_C.T)
    return o_t * torch.tanh(c_t), c_t
