"""A cell update that subtracts what is written."""
# loses: cell-update lstm-step lstm-sequence
# told: subtracted(i_t ⊙ C̃_t)


def cell_update(f_t, i_t, c_tilde, c_prev):
    kept = f_t * c_prev
    written = i_t * c_tilde
    return kept - written
