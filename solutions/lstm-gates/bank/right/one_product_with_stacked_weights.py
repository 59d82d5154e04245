"""One product with stacked weights."""

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    W, b = torch.cat([W_f, W_i, W_o, W_C]), torch.cat([b_f, b_i, b_o, b_C])
    a = torch.cat([h_prev, x_t], dim=-1) @ W.T + b
    H = h_prev.shape[-1]
    f_t, i_t, o_t = torch.sigmoid(a[:, : 3 * H]).chunk(3, dim=-1)
    c_t = f_t * c_prev + i_t * torch.tanh(a[:, 3 * H :])
    return o_t * torch.tanh(c_t), c_t
