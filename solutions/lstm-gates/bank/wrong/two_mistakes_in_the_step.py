"""Two mistakes in the step."""
# loses: lstm-step lstm-sequence
# told: left-out(b_o) + in-place-of(h_{t-1}, C_{t-1})

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    o_t = torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_o.T)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), h_prev)
    return hidden_state(o_t, c_t), c_t
