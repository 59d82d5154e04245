"""An output gate with the function next in the list."""
# loses: output-gate lstm-step lstm-sequence
# told: in-place-of(ln σ, σ)

import torch
import torch.nn.functional as F


def output_gate(x_t, h_prev, W_o, b_o):
    return F.logsigmoid(F.linear(torch.cat([h_prev, x_t], dim=1), W_o, b_o))
