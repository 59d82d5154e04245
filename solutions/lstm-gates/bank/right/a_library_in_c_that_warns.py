"""A library in C that warns."""

import os

import torch


def candidate(x_t, h_prev, W_C, b_C):
    os.write(2, b"warning: an old driver\n")
    return torch.tanh(torch.cat([h_prev, x_t], dim=-1) @ W_C.T + b_C)
