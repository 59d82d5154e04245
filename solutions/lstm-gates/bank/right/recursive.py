"""The sequence calls itself on the rest of the inputs."""

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h, c = lstm_step(xs[0], h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
    if len(xs) == 1:
        return h.unsqueeze(0), h, c
    rest, h_T, c_T = lstm_sequence(xs[1:], h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
    return torch.cat([h.unsqueeze(0), rest]), h_T, c_T
