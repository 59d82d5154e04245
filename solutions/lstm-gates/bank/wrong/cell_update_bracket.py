"""A cell update with a bracket too far."""
# loses: cell-update lstm-step lstm-sequence
# told: whole-sum(f_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * (c_prev + i_t * c_tilde)
