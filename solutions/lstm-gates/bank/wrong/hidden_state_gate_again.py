"""A hidden state that opens the gate with a sigmoid."""
# loses: hidden-state lstm-step lstm-sequence
# told: squashed-again(o_t, σ)

import torch


def hidden_state(o_t, c_t):
    return torch.sigmoid(o_t) * torch.tanh(c_t)
