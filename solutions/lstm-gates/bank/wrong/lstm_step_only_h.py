"""A step that returns only the hidden state."""
# loses: lstm-step lstm-sequence
# told: checks.several


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f = forget_gate(x_t, h_prev, W_f, b_f)
    i = input_gate(x_t, h_prev, W_i, b_i)
    c = cell_update(f, i, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c)
