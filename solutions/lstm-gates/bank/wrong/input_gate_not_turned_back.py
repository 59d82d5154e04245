"""An input gate with W to the left, as on the page."""
# loses: input-gate lstm-step lstm-sequence
# told: checks.axes

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid(W_i @ hx.T + b_i.unsqueeze(1))
