"""A sequence that starts from zeros as nn.LSTM does by itself."""
# loses: lstm-sequence
# told: from-zeros(h_0, C_0)

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h = torch.zeros_like(h_0)
    c = torch.zeros_like(c_0)
    hs = []
    for x in xs:
        h, c = lstm_step(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs.append(h)
    return torch.stack(hs), h, c
