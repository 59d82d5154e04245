"""An input gate with two biases as in nn.LSTM."""
# loses: input-gate lstm-step lstm-sequence
# told: twice(b_i)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    H = h_prev.shape[1]
    from_h = h_prev @ W_i[:, :H].T + b_i
    from_x = x_t @ W_i[:, H:].T + b_i
    return torch.sigmoid(from_h + from_x)
