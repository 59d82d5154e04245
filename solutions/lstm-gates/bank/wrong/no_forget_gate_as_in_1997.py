"""No forget gate, as in 1997."""
# loses: cell-update lstm-step lstm-sequence
# told: left-out(f_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return c_prev + i_t * c_tilde
