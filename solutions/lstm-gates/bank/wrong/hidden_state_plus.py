"""A hidden state with a sum."""
# loses: hidden-state lstm-step lstm-sequence
# told: in-place-of(o_t + tanh(C_t), o_t ⊙ tanh(C_t))

import torch


def hidden_state(o_t, c_t):
    return o_t + torch.tanh(c_t)
