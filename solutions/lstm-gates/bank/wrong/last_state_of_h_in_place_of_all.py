"""Last state of h in place of all."""
# loses: lstm-sequence
# told: checks.number


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t = h_0, c_0
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
    return h_t, c_t
