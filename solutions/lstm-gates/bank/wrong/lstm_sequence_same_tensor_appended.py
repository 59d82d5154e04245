"""A sequence that appends one buffer again and again."""
# loses: lstm-sequence
# told: one-tensor

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h, c = h_0.clone(), c_0.clone()
    hs = []
    for x in xs:
        new_h, c = lstm_step(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        h.copy_(new_h)
        hs.append(h)
    return torch.stack(hs), h, c
