"""Matrix product in place of entry by entry."""
# loses: cell-update lstm-step lstm-sequence
# told: in-place-of(@, ⊙)


def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t @ c_prev.T + i_t @ c_tilde.T
