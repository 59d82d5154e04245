"""Sigmoid for tanh in h."""
# loses: hidden-state lstm-step lstm-sequence
# told: in-place-of(σ(C_t), tanh(C_t))

import torch


def hidden_state(o_t, c_t):
    return o_t * torch.sigmoid(c_t)
