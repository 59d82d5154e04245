"""An output gate with the hard sigmoid of Keras."""
# loses: output-gate lstm-step lstm-sequence
# told: in-place-of(clip(0.2a + 1/2, 0, 1), σ)

import torch


def output_gate(x_t, h_prev, W_o, b_o):
    z = torch.cat([h_prev, x_t], dim=1) @ W_o.T + b_o
    return torch.clamp(0.2 * z + 0.5, 0, 1)
