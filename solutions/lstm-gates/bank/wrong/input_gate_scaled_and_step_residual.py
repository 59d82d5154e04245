"""An input gate that averages, and a step with a skip connection."""
# loses: input-gate lstm-step lstm-sequence
# told: product-divided(H + I)

import torch


def input_gate(x_t, h_prev, W_i, b_i):
    hx = torch.cat([h_prev, x_t], dim=1)
    return torch.sigmoid((hx.unsqueeze(1) * W_i).mean(-1) + b_i)


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f = forget_gate(x_t, h_prev, W_f, b_f)
    i = input_gate(x_t, h_prev, W_i, b_i)
    g = candidate(x_t, h_prev, W_C, b_C)
    c = cell_update(f, i, g, c_prev)
    h = hidden_state(output_gate(x_t, h_prev, W_o, b_o), c)
    return h + h_prev, c
