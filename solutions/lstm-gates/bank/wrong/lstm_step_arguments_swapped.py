"""A step that hands h and x over in the wrong order."""
# loses: lstm-step lstm-sequence
# told: everywhere(before(x_t, h_{t-1}))


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t = forget_gate(h_prev, x_t, W_f, b_f)
    i_t = input_gate(h_prev, x_t, W_i, b_i)
    c_tilde = candidate(h_prev, x_t, W_C, b_C)
    o_t = output_gate(h_prev, x_t, W_o, b_o)
    c_t = cell_update(f_t, i_t, c_tilde, c_prev)
    h_t = hidden_state(o_t, c_t)
    return h_t, c_t
