"""Cell states for hidden states."""
# loses: lstm-sequence
# told: collected-cells

import torch


def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, cs = h_0, c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        cs.append(c_t)
    return torch.stack(cs), h_t, c_t
