"""Not finished."""
# loses: hidden-state lstm-step lstm-sequence
# told: checks.unfinished


def hidden_state(o_t, c_t):
    raise NotImplementedError


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    raise NotImplementedError


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    raise NotImplementedError
