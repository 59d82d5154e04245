"""A step whose output gate sees a hidden state that is too new."""
# loses: lstm-step lstm-sequence
# told: within(in-place-of(tanh(C_t), h_{t-1}), o_t)

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t = forget_gate(x_t, h_prev, W_f, b_f)
    i_t = input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    h_t = torch.tanh(c_t)
    o_t = output_gate(x_t, h_t, W_o, b_o)
    return hidden_state(o_t, c_t), c_t
