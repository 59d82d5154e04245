"""Cast to float32."""
# loses: input-gate lstm-step lstm-sequence
# told: checks.dtype

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(torch.cat([h_prev, x_t], -1).float() @ W_i.float().T + b_i.float())
