"""Under inference_mode the formulas stand as on the page with columns, and the transposed result is not contiguous."""

import torch


def forget_gate(x_t, h_prev, W_f, b_f):
    with torch.inference_mode():
        hx = torch.cat([h_prev.T, x_t.T], dim=0)
        return torch.sigmoid(W_f @ hx + b_f.unsqueeze(1)).T


def input_gate(x_t, h_prev, W_i, b_i):
    with torch.inference_mode():
        hx = torch.cat([h_prev.T, x_t.T], dim=0)
        return torch.sigmoid(W_i @ hx + b_i[:, None]).T


def candidate(x_t, h_prev, W_C, b_C):
    with torch.inference_mode():
        hx = torch.cat([h_prev.T, x_t.T], dim=0)
        return torch.tanh(W_C @ hx + b_C.view(-1, 1)).T


def output_gate(x_t, h_prev, W_o, b_o):
    with torch.inference_mode():
        hx = torch.cat([h_prev.T, x_t.T], dim=0)
        return torch.sigmoid(W_o @ hx + b_o.reshape(-1, 1)).T
