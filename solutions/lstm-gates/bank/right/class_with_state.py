"""A small class keeps h and c between the steps; step and sequence make a new object each time."""

import torch


class Cell:
    def __init__(self, h, c, *params):
        self.h, self.c = h, c
        self.params = params

    def gate(self, x, k):
        W, b = self.params[2 * k], self.params[2 * k + 1]
        return torch.cat([self.h, x], dim=1).matmul(W.T).add(b)

    def __call__(self, x):
        f, i, o = (torch.sigmoid(self.gate(x, k)) for k in (0, 1, 3))
        g = torch.tanh(self.gate(x, 2))
        self.c = f * self.c + i * g
        self.h = o * torch.tanh(self.c)
        return self.h


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    cell = Cell(h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
    cell(x_t)
    return cell.h, cell.c


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    cell = Cell(h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
    hs = torch.stack([cell(x) for x in xs])
    return hs, cell.h, cell.c
