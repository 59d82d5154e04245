"""H from the old C."""
# loses: lstm-step lstm-sequence
# told: in-place-of(tanh(C_{t-1}), tanh(C_t))


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_prev), c_t
