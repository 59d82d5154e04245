"""An input gate computed with NumPy."""
# loses: input-gate lstm-step lstm-sequence
# told: checks.type-tensor

import numpy as np


def input_gate(x_t, h_prev, W_i, b_i):
    hx = np.concatenate([h_prev.numpy(), x_t.numpy()], axis=1)
    z = hx @ W_i.numpy().T + b_i.numpy()
    return 1 / (1 + np.exp(-z))
