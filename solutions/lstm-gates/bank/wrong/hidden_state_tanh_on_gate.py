"""A hidden state with tanh on the wrong factor."""
# loses: hidden-state lstm-step lstm-sequence
# told: in-place-of(tanh(o_t) ⊙ C_t, o_t ⊙ tanh(C_t))

import torch


def hidden_state(o_t, c_t):
    return torch.tanh(o_t) * c_t
