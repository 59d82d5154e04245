"""No tanh in h."""
# loses: hidden-state lstm-step lstm-sequence
# told: left-out(tanh)


def hidden_state(o_t, c_t):
    return o_t * c_t
