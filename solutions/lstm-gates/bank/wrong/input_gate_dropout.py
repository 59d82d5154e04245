"""An input gate with a dropout left over."""
# loses: input-gate lstm-step lstm-sequence
# told: checks.inconsistent

import torch
import torch.nn.functional as F


def input_gate(x_t, h_prev, W_i, b_i):
    hx = torch.cat([h_prev, x_t], dim=1)
    i_t = torch.sigmoid(F.linear(hx, W_i, b_i))
    return F.dropout(i_t, p=0.1)
