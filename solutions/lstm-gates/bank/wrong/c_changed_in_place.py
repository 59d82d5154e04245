"""C changed in place."""
# loses: cell-update lstm-step lstm-sequence
# told: checks.modified


def cell_update(f_t, i_t, c_tilde, c_prev):
    return c_prev.mul_(f_t).add_(i_t * c_tilde)
