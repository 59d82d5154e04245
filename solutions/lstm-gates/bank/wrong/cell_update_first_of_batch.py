"""A cell update that loops over the entries of the first row."""
# loses: cell-update lstm-step lstm-sequence
# told: checks.first-of-batch

import torch


def cell_update(f_t, i_t, c_tilde, c_prev):
    B, H = c_prev.shape
    row = torch.stack([f_t[0, j] * c_prev[0, j] + i_t[0, j] * c_tilde[0, j] for j in range(H)])
    return row.repeat(B, 1)
