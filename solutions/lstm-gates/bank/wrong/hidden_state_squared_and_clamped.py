"""A hidden state with two slips."""
# loses: hidden-state lstm-step lstm-sequence
# told: squared(o_t)

import torch


def hidden_state(o_t, c_t):
    return o_t * o_t * torch.tanh(c_t.clamp(min=-3, max=3))
