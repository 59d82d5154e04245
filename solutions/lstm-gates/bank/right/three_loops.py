"""Three nested loops fill an empty tensor of the right type, number by number."""

import torch


def slow(x, h, W, b):
    B, I = x.shape
    H = h.shape[1]
    z = torch.empty(B, H, dtype=x.dtype)
    for n in range(B):
        for j in range(H):
            total = b[j].clone()
            for k in range(H):
                total += W[j, k] * h[n, k]
            for k in range(I):
                total += W[j, H + k] * x[n, k]
            z[n, j] = total
    return z


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(slow(x_t, h_prev, W_f, b_f))


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(slow(x_t, h_prev, W_i, b_i))


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(slow(x_t, h_prev, W_C, b_C))


def cell_update(f_t, i_t, c_tilde, c_prev):
    c = torch.zeros_like(c_prev)
    for n in range(c.shape[0]):
        for j in range(c.shape[1]):
            c[n, j] = f_t[n, j] * c_prev[n, j] + i_t[n, j] * c_tilde[n, j]
    return c


def hidden_state(o_t, c_t):
    h = torch.zeros_like(c_t)
    for n, (o_row, c_row) in enumerate(zip(o_t, c_t)):
        for j, (o, c) in enumerate(zip(o_row, c_row)):
            h[n, j] = o * c.tanh()
    return h
