"""The bias is forgotten."""
# loses: step
# told: left-out(b_h)

import numpy as np


def step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T)
