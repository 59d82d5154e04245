"""A hidden state with softmax, and a sequence from the end."""
# loses: hidden-state lstm-step lstm-sequence
# told: in-place-of(softmax(C_t), tanh(C_t))

import torch


def hidden_state(o_t, c_t):
    return o_t * torch.softmax(c_t, dim=-1)


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h, c, hs = h_0, c_0, []
    for x in reversed(xs):
        h, c = lstm_step(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs.append(h)
    return torch.stack(hs), h, c
