"""A small nn.Module as a step; glu multiplies by the sigmoid of the open score."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Step(nn.Module):
    def __init__(self, **tensors):
        super().__init__()
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)

    def score(self, v, name):
        return F.conv1d(
            v.unsqueeze(-1), getattr(self, "W" + name)[..., None], getattr(self, "b" + name)
        )[..., 0]

    def forward(self, x, h, c):
        v = torch.cat([h, x], dim=1)
        write = F.glu(
            torch.cat([torch.tanh(self.score(v, "C")), self.score(v, "i")], dim=1), dim=1
        )
        keep = F.glu(torch.cat([c, self.score(v, "f")], dim=1), dim=1)
        c = keep + write
        return F.glu(torch.cat([torch.tanh(c), self.score(v, "o")], dim=1), dim=1), c


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    net = Step(Wf=W_f, bf=b_f, Wi=W_i, bi=b_i, WC=W_C, bC=b_C, Wo=W_o, bo=b_o)
    return net(x_t, h_prev, c_prev)
