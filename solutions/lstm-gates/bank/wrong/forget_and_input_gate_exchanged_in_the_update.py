"""Forget and input gate exchanged in the update."""
# loses: cell-update lstm-step lstm-sequence
# told: exchanged(f_t, i_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return i_t * c_prev + f_t * c_tilde
