"""No input gate."""
# loses: cell-update lstm-step lstm-sequence
# told: left-out(i_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + c_tilde
