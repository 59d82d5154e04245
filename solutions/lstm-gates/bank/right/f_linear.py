"""All functions with torch.nn.functional.linear on h and x side by side."""

import torch
import torch.nn.functional as F


def forget_gate(x_t, h_prev, W_f, b_f):
    return F.linear(torch.cat((h_prev, x_t), -1), W_f, b_f).sigmoid()


def input_gate(x_t, h_prev, W_i, b_i):
    return F.linear(torch.cat((h_prev, x_t), -1), W_i, b_i).sigmoid()


def candidate(x_t, h_prev, W_C, b_C):
    return F.linear(torch.cat((h_prev, x_t), -1), W_C, b_C).tanh()


def output_gate(x_t, h_prev, W_o, b_o):
    return F.linear(torch.cat((h_prev, x_t), -1), W_o, b_o).sigmoid()
