"""Everything is computed in float64 and turned back into the type of the inputs at the end."""

import torch


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    x, h, c = x_t.double(), h_prev.double(), c_prev.double()
    v = torch.cat([h, x], dim=1)
    f = torch.sigmoid(v @ W_f.double().T + b_f.double())
    i = torch.sigmoid(v @ W_i.double().T + b_i.double())
    g = torch.tanh(v @ W_C.double().T + b_C.double())
    o = torch.sigmoid(v @ W_o.double().T + b_o.double())
    c = f * c + i * g
    h = o * torch.tanh(c)
    return h.to(x_t.dtype), c.to(x_t.dtype)


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    hs, h, c = [], h_0.double(), c_0.double()
    params = [p.double() for p in (W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)]
    for x in xs.double():
        h, c = lstm_step(x, h, c, *params)
        hs += [h]
    return torch.stack(hs).to(xs.dtype), h.type_as(h_0), c.type_as(c_0)
