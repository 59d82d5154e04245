"""A cell update with a product and a sequence that starts late."""
# loses: cell-update lstm-step lstm-sequence
# told: multiplied(f_t ⊙ C_{t-1}, i_t ⊙ C̃_t)

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return (f_t * c_prev) * (i_t * c_tilde)


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h, c, hs = h_0, c_0, []
    for t in range(1, len(xs)):
        h, c = lstm_step(xs[t], h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs.append(h)
    return torch.stack(hs), h, c
