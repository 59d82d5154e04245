"""A step that mixes up h and c in the candidate."""
# loses: lstm-step lstm-sequence
# told: within(in-place-of(C_{t-1}, h_{t-1}), C̃_t)


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t = forget_gate(x_t, h_prev, W_f, b_f)
    i_t = input_gate(x_t, h_prev, W_i, b_i)
    c_tilde = candidate(x_t, c_prev, W_C, b_C)
    o_t = output_gate(x_t, h_prev, W_o, b_o)
    c_t = cell_update(f_t, i_t, c_tilde, c_prev)
    return hidden_state(o_t, c_t), c_t
