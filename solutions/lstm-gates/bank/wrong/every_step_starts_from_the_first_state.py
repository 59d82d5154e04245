"""Every step starts from the first state."""
# loses: lstm-sequence
# told: not-carried

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    states = [lstm_step(x_t, h_0, c_0, *weights) for x_t in xs]
    return torch.stack([h for h, _ in states]), *states[-1]
