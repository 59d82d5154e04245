"""In-place operations, but only on copies and on new tensors."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    z = torch.cat([h_prev, x_t], dim=1) @ W_f.T
    z += b_f
    return z.sigmoid_()


def candidate(x_t, h_prev, W_C, b_C):
    z = b_C.repeat(len(x_t), 1)
    z.addmm_(torch.cat([h_prev, x_t], dim=1), W_C.T)
    z.tanh_()
    return z


def cell_update(f_t, i_t, c_tilde, c_prev):
    c = c_prev.clone()
    c *= f_t
    c += i_t * c_tilde
    return c


def hidden_state(o_t, c_t):
    h = c_t.clone().tanh_()
    h.mul_(o_t)
    return h


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    h = h_0.clone()
    c = c_0.clone()
    hs = []
    for x in xs:
        new_h, new_c = lstm_step(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        h.copy_(new_h)
        c.copy_(new_c)
        hs.append(h.clone())
    return torch.stack(hs), h, c
