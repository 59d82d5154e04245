"""The step is compiled from a string of TorchScript."""

import torch

script = torch.jit.CompilationUnit("""
def gate(x, h, W, b):
    return torch.matmul(torch.cat([h, x], 1), W.t()) + b
""")


def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(script.gate(x_t, h_prev, W_C, b_C))


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f = torch.sigmoid(script.gate(x_t, h_prev, W_f, b_f))
    i = torch.sigmoid(script.gate(x_t, h_prev, W_i, b_i))
    o = torch.sigmoid(script.gate(x_t, h_prev, W_o, b_o))
    c = f * c_prev + i * torch.tanh(script.gate(x_t, h_prev, W_C, b_C))
    return o * torch.tanh(c), c
