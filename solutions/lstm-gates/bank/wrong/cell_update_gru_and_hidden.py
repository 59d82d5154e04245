"""A cell update from the GRU and a hidden state without its gate."""
# loses: cell-update hidden-state lstm-step lstm-sequence
# told: in-place-of(1 - i_t, f_t)

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return (1 - i_t) * c_prev + i_t * c_tilde


def hidden_state(o_t, c_t):
    return torch.tanh(c_t)
