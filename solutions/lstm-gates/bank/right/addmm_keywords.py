"""addmm for the gates, addcmul for the cell, and the functions called by keyword in the step."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.addmm(b_f, torch.cat([h_prev, x_t], axis=1), W_f.t()).sigmoid()


def input_gate(x_t, h_prev, W_i, b_i):
    return torch.addmm(b_i, torch.cat([h_prev, x_t], axis=1), W_i.t()).sigmoid()


def candidate(x_t, h_prev, W_C, b_C):
    return torch.addmm(b_C, torch.cat([h_prev, x_t], axis=1), W_C.t()).tanh()


def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.addcmul(f_t * c_prev, i_t, c_tilde)


def output_gate(x_t, h_prev, W_o, b_o):
    return torch.addmm(b_o, torch.cat([h_prev, x_t], axis=1), W_o.t()).sigmoid()


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f = forget_gate(W_f=W_f, b_f=b_f, x_t=x_t, h_prev=h_prev)
    i = input_gate(W_i=W_i, b_i=b_i, x_t=x_t, h_prev=h_prev)
    g = candidate(W_C=W_C, b_C=b_C, x_t=x_t, h_prev=h_prev)
    c = cell_update(c_prev=c_prev, c_tilde=g, f_t=f, i_t=i)
    o = output_gate(W_o=W_o, b_o=b_o, x_t=x_t, h_prev=h_prev)
    return hidden_state(c_t=c, o_t=o), c
