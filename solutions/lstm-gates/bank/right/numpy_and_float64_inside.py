"""NumPy and float64 inside."""

import numpy as np
import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    x, h, W, b = (a.detach().cpu().numpy() for a in (x_t, h_prev, W_f, b_f))
    a = torch.from_numpy(np.concatenate([h, x], axis=1) @ W.T + b)
    return torch.sigmoid(a).to(x_t.device)


def input_gate(x_t, h_prev, W_i, b_i):
    a = torch.cat([h_prev, x_t], -1).double() @ W_i.double().T + b_i.double()
    return torch.sigmoid(a).to(x_t.dtype)
