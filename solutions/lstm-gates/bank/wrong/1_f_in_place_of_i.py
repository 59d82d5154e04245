"""1 - f in place of i."""
# loses: cell-update lstm-step lstm-sequence
# told: in-place-of(1 - f_t, i_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + (1 - f_t) * c_tilde
