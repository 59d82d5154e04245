"""No return."""
# loses: hidden-state lstm-step lstm-sequence
# told: checks.none

import torch


def hidden_state(o_t, c_t):
    h_t = o_t * torch.tanh(c_t)
