"""A sequence that returns the hidden states as a list."""
# loses: lstm-sequence
# told: checks.nested


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h, c = h_0, c_0
    hs = []
    for t in range(len(xs)):
        h, c = lstm_step(xs[t], h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs.append(h)
    return hs, h, c
