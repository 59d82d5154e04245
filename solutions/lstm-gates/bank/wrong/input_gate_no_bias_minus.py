"""An input gate with a lost bias and a lost sign."""
# loses: input-gate lstm-step lstm-sequence
# told: left-out(b_i) + exponent

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    z = torch.cat([h_prev, x_t], dim=1) @ W_i.T
    return 1 / (1 + torch.exp(z))
