"""C squashed."""
# loses: cell-update lstm-step lstm-sequence
# told: squashed-again(C_t, tanh)

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.tanh(f_t * c_prev + i_t * c_tilde)
