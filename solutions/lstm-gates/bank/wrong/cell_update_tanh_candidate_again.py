"""A cell update that applies tanh to the candidate."""
# loses: cell-update lstm-step lstm-sequence
# told: squashed-again(C̃_t, tanh)

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + i_t * torch.tanh(c_tilde)
