"""Solutions that test the tests: RIGHT earn every point, WRONG lose what they must.

A solution is the text of a few functions, and of what they need besides. It stands for the
notebook of a student who wrote these functions so, and the others as the source has them.
"""

from typing import NamedTuple


class Wrong(NamedTuple):
    """A wrong solution: its code, the parts that it must lose, and what the first is told."""

    code: str
    loses: set
    says: str


# A mistake in a function that the step calls costs the step and the sequence as well.
STEP = {"lstm-step", "lstm-sequence"}

RIGHT = {
    "one helper for every gate": """
def act(activation, x, h, W, b):
    return activation(torch.cat((h, x), 1).matmul(W.t()).add(b))

def forget_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)

def input_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)

def output_gate(x, h, W, b):
    return act(torch.sigmoid, x, h, W, b)

def candidate(x, h, W, b):
    return act(torch.tanh, x, h, W, b)
""",
    "einsum": """
def product(x_t, h_prev, W):
    return torch.einsum("bk,hk->bh", torch.cat([h_prev, x_t], dim=1), W)

def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(product(x_t, h_prev, W_f) + b_f)

def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(product(x_t, h_prev, W_i) + b_i)

def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(product(x_t, h_prev, W_C) + b_C)

def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.einsum("bh,bh->bh", f_t, c_prev) + torch.einsum("bh,bh->bh", i_t, c_tilde)

def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(product(x_t, h_prev, W_o) + b_o)
""",
    "torch.nn.functional": """
import torch.nn.functional as F

def forget_gate(x_t, h_prev, W_f, b_f):
    return F.sigmoid(F.linear(torch.hstack([h_prev, x_t]), W_f, b_f))

def input_gate(x_t, h_prev, W_i, b_i):
    return torch.nn.Sigmoid()(F.linear(torch.hstack([h_prev, x_t]), W_i, b_i))

def candidate(x_t, h_prev, W_C, b_C):
    return F.tanh(F.linear(torch.hstack([h_prev, x_t]), W_C, b_C))

def output_gate(x_t, h_prev, W_o, b_o):
    return F.linear(torch.hstack([h_prev, x_t]), W_o, b_o).sigmoid()

def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.addcmul(f_t * c_prev, i_t, c_tilde)
""",
    "W cut in two": """
def split(x, h, W, b):
    H = h.shape[-1]
    return h @ W[:, :H].T + x @ W[:, H:].T + b

def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(split(x_t, h_prev, W_f, b_f))

def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(split(x_t, h_prev, W_i, b_i))

def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(split(x_t, h_prev, W_C, b_C))

def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(split(x_t, h_prev, W_o, b_o))
""",
    "one product with stacked weights": """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    W, b = torch.cat([W_f, W_i, W_o, W_C]), torch.cat([b_f, b_i, b_o, b_C])
    a = torch.cat([h_prev, x_t], dim=-1) @ W.T + b
    H = h_prev.shape[-1]
    f_t, i_t, o_t = torch.sigmoid(a[:, : 3 * H]).chunk(3, dim=-1)
    c_t = f_t * c_prev + i_t * torch.tanh(a[:, 3 * H :])
    return o_t * torch.tanh(c_t), c_t
""",
    "sigmoid and tanh by their formulas": """
def sigma(a):
    return 1 / (1 + torch.exp(-a))

def forget_gate(x_t, h_prev, W_f, b_f):
    return sigma(torch.addmm(b_f, torch.cat([h_prev, x_t], -1), W_f.T))

def input_gate(x_t, h_prev, W_i, b_i):
    return 1 / (1 + torch.e ** -(torch.cat([h_prev, x_t], -1) @ W_i.T + b_i))

def candidate(x_t, h_prev, W_C, b_C):
    return 2 * sigma(2 * torch.addmm(b_C, torch.cat([h_prev, x_t], -1), W_C.T)) - 1

def output_gate(x_t, h_prev, W_o, b_o):
    return sigma(torch.addmm(b_o, torch.cat([h_prev, x_t], -1), W_o.T))

def hidden_state(o_t, c_t):
    return o_t * (1 - torch.exp(-2 * c_t.abs())) / (1 + torch.exp(-2 * c_t.abs())) * c_t.sign()
""",
    "a class": """
class Cell:
    def __init__(self, *weights):
        self.pairs = list(zip(weights[::2], weights[1::2], strict=True))

    def __call__(self, x, h, c):
        f, i, g, o = (torch.cat([h, x], 1) @ W.T + b for W, b in self.pairs)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

def lstm_step(x_t, h_prev, c_prev, *weights):
    return Cell(*weights)(x_t, h_prev, c_prev)

def lstm_sequence(xs, h_0, c_0, *weights):
    cell, state, seen = Cell(*weights), (h_0, c_0), []
    for x in xs.unbind(0):
        state = cell(x, *state)
        seen += [state[0]]
    return [torch.stack(seen, dim=0), *state]
""",
    "in place on own copies": """
def forget_gate(x_t, h_prev, W_f, b_f):
    a = torch.cat([h_prev, x_t], dim=-1) @ W_f.T
    a += b_f
    return a.sigmoid_()

def cell_update(f_t, i_t, c_tilde, c_prev):
    c_t = c_prev.clone()
    c_t *= f_t
    c_t += i_t * c_tilde
    return c_t

def hidden_state(o_t, c_t):
    return c_t.clone().tanh_().mul_(o_t)
""",
    "output allocated beforehand": """
def lstm_sequence(xs, h_0, c_0, *weights):
    T, B, _ = xs.shape
    hs = torch.empty(T, B, h_0.shape[1], dtype=xs.dtype, device=xs.device)
    h, c = h_0, c_0
    for t in range(T):
        h, c = lstm_step(xs[t], h, c, *weights)
        hs[t] = h
    return hs, h, c
""",
    "columns, as on the page": """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(W_f @ torch.cat([h_prev.T, x_t.T]) + b_f[:, None]).T

def candidate(x_t, h_prev, W_C, b_C):
    return torch.tanh(W_C @ torch.cat([h_prev, x_t], 1).T + b_C.reshape(-1, 1)).T
""",
    "one sequence of the batch at a time": """
def forget_gate(x_t, h_prev, W_f, b_f):
    rows = [torch.sigmoid(W_f @ torch.cat([h, x]) + b_f) for x, h in zip(x_t, h_prev)]
    return torch.stack(rows)

def candidate(x_t, h_prev, W_C, b_C):
    out = torch.zeros_like(h_prev)
    for n in range(len(x_t)):
        out[n] = torch.tanh(torch.mv(W_C, torch.cat([h_prev[n], x_t[n]])) + b_C)
    return out
""",
    "recursion instead of a loop": """
def lstm_sequence(xs, h_0, c_0, *weights):
    h, c = lstm_step(xs[0], h_0, c_0, *weights)
    if len(xs) == 1:
        return h[None], h, c
    hs, h_T, c_T = lstm_sequence(xs[1:], h, c, *weights)
    return torch.cat([h[None], hs]), h_T, c_T
""",
    "NumPy and float64 inside": """
import numpy as np

def forget_gate(x_t, h_prev, W_f, b_f):
    x, h, W, b = (a.detach().cpu().numpy() for a in (x_t, h_prev, W_f, b_f))
    a = torch.from_numpy(np.concatenate([h, x], axis=1) @ W.T + b)
    return torch.sigmoid(a).to(x_t.device)

def input_gate(x_t, h_prev, W_i, b_i):
    a = torch.cat([h_prev, x_t], -1).double() @ W_i.double().T + b_i.double()
    return torch.sigmoid(a).to(x_t.dtype)
""",
    "prints and warns": """
import sys
import warnings

def forget_gate(x_t, h_prev, W_f, b_f):
    print("forget gate", x_t.shape, file=sys.stderr)
    warnings.warn("is this right?")
    return torch.sigmoid(torch.tensor(torch.cat([h_prev, x_t], dim=-1)) @ W_f.T + b_f)
""",
    "a library in C that warns": """
import os

def candidate(x_t, h_prev, W_C, b_C):
    os.write(2, b"warning: an old driver\\n")
    return torch.tanh(torch.cat([h_prev, x_t], dim=-1) @ W_C.T + b_C)
""",
    "torch's functions in place of operators": """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.add(torch.mul(f_t, c_prev), torch.mul(i_t, c_tilde))

def hidden_state(o_t, c_t):
    return torch.mul(o_t, torch.tanh(c_t))

def lstm_step(x_t, h_prev, c_prev, *weights):
    u = torch.hstack([h_prev, x_t])
    f, i, g, o = map(torch.nn.functional.linear, [u] * 4, weights[::2], weights[1::2])
    kept = torch.mul(torch.sigmoid(f), c_prev)
    c_t = torch.addcmul(kept, torch.sigmoid(i), torch.tanh(g))
    return torch.mul(torch.sigmoid(o), torch.tanh(c_t)), c_t
""",
    "tanh as a stretched sigmoid": """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return (torch.stack([f_t, i_t]) * torch.stack([c_prev, c_tilde])).sum(dim=0)

def hidden_state(o_t, c_t):
    return o_t * (2 * torch.sigmoid(2 * c_t) - 1)

def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    u = torch.cat((h_prev, x_t), dim=1)
    a = torch.einsum("bk,ghk->gbh", u, torch.stack([W_f, W_i, 2 * W_C, W_o]))
    f_t, i_t, s, o_t = torch.sigmoid(a + torch.stack([b_f, b_i, 2 * b_C, b_o])[:, None])
    c_t = f_t * c_prev + i_t * (2 * s - 1)
    return o_t * (2 * torch.sigmoid(2 * c_t) - 1), c_t
""",
    "vmap over the batch": """
def one(x, h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    u = torch.cat([h, x])
    f, i, o = (torch.sigmoid(W @ u + b) for W, b in ((W_f, b_f), (W_i, b_i), (W_o, b_o)))
    c = f * c + i * torch.tanh(W_C @ u + b_C)
    return o * torch.tanh(c), c

def lstm_step(x_t, h_prev, c_prev, *weights):
    return torch.vmap(one, in_dims=(0, 0, 0, *[None] * 8))(x_t, h_prev, c_prev, *weights)
""",
    "the inputs of all steps beforehand": """
from itertools import accumulate

def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    H = h_0.shape[1]
    W = torch.cat([W_f, W_i, W_C, W_o])
    W_h, W_x = W[:, :H], W[:, H:]
    from_x = xs @ W_x.T + torch.cat([b_f, b_i, b_C, b_o])

    def step(state, a):
        h, c = state
        f, i, g, o = (a + h @ W_h.T).split(H, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    states = list(accumulate(from_x, step, initial=(h_0, c_0)))[1:]
    return torch.stack([h for h, _ in states]), *states[-1]
""",
}

WRONG = {
    "x before h": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(torch.cat([x_t, h_prev], dim=-1) @ W_f.T + b_f)
""",
        {"forget-gate", *STEP},
        "f_t is what you get when x_t stands before h_{t-1}",
    ),
    "no bias": Wrong(
        """
def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_i.T)
""",
        {"input-gate", *STEP},
        "i_t is what you get when b_i is left out",
    ),
    "tanh for sigmoid": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    return torch.tanh(torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o)
""",
        {"output-gate", *STEP},
        "o_t is what you get when tanh stands in place of σ",
    ),
    "sigmoid for tanh": Wrong(
        """
def candidate(x_t, h_prev, W_C, b_C):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_C.T + b_C)
""",
        {"candidate", *STEP},
        "c_tilde is what you get when σ stands in place of tanh",
    ),
    "softmax for sigmoid": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.softmax(torch.cat([h_prev, x_t], dim=-1) @ W_f.T + b_f, dim=-1)
""",
        {"forget-gate", *STEP},
        "f_t is what you get when softmax stands in place of σ",
    ),
    "entry by entry in place of the matrix product": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid((torch.cat([h_prev, x_t], dim=-1) * W_f).sum(dim=-1) + b_f)
""",
        {"forget-gate", *STEP},
        "f_t is what you get when W_f and [h_{t-1}, x_t] are multiplied entry by entry",
    ),
    "matrix product in place of entry by entry": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t @ c_prev.T + i_t @ c_tilde.T
""",
        {"cell-update", *STEP},
        "c_t is what you get when @ stands in place of ⊙",
    ),
    "forget and input gate exchanged in the update": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return i_t * c_prev + f_t * c_tilde
""",
        {"cell-update", *STEP},
        "c_t is what you get when f_t and i_t are exchanged",
    ),
    "forget and input gate exchanged in the step": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = input_gate(x_t, h_prev, W_i, b_i), forget_gate(x_t, h_prev, W_f, b_f)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_t
""",
        STEP,
        "h_t and c_t are what you get when f_t and i_t are exchanged",
    ),
    "1 - f in place of i": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + (1 - f_t) * c_tilde
""",
        # The three entries of the visible check have i = 1 - f: only the hidden cases tell.
        {"cell-update", *STEP},
        "c_t is what you get when 1 - f_t stands in place of i_t",
    ),
    "h in place of C in the update": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), h_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_t
""",
        STEP,
        "h_t and c_t are what you get when h_{t-1} stands in place of C_{t-1}",
    ),
    "C returned for h": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return c_t, c_t
""",
        STEP,
        "h_t is what you get when C_t is returned in place of h_t",
    ),
    "C and h returned in the other order": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return c_t, hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t)
""",
        STEP,
        "h_t and c_t are what you get when h_t and C_t are returned in each other's place",
    ),
    "h from the old C": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_prev), c_t
""",
        STEP,
        "h_t is what you get when tanh(C_{t-1}) stands in place of tanh(C_t)",
    ),
    "no tanh in h": Wrong(
        """
def hidden_state(o_t, c_t):
    return o_t * c_t
""",
        {"hidden-state", *STEP},
        "h_t is what you get when tanh is left out around C_t",
    ),
    "tanh around the product": Wrong(
        """
def hidden_state(o_t, c_t):
    return torch.tanh(o_t * c_t)
""",
        {"hidden-state", *STEP},
        "h_t is what you get when tanh stands around the whole product o_t ⊙ C_t",
    ),
    "every step starts from the first state": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    states = [lstm_step(x_t, h_0, c_0, *weights) for x_t in xs]
    return torch.stack([h for h, _ in states]), *states[-1]
""",
        {"lstm-sequence"},
        "hs, h_T and c_T are what you get when every step starts from the first state",
    ),
    "only h is carried": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, hs = h_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_0, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        "what you get when every step starts from C_0: C_t is not carried on",
    ),
    "cell states for hidden states": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, cs = h_0, c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        cs.append(c_t)
    return torch.stack(cs), h_t, c_t
""",
        {"lstm-sequence"},
        "hs is what you get when the cell states are collected, not the hidden states",
    ),
    "batch first in the output": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs, dim=1), h_t, c_t
""",
        {"lstm-sequence"},
        "hs is what you get when time and batch are exchanged in the output",
    ),
    "loop over the batch in place of time": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for n in range(xs.shape[1]):
        h_t, c_t = lstm_step(xs[:, n], h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        "Sizes of tensors must match",
    ),
    "the first state among the outputs": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, [h_0]
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        "hs is what you get when h_0 is collected too",
    ),
    "last state of h in place of all": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t = h_0, c_0
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
    return h_t, c_t
""",
        {"lstm-sequence"},
        "lstm_sequence must return 3 tensors, (hs, h_T, c_T), got 2",
    ),
    "no bias anywhere": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    u = torch.cat([h_prev, x_t], dim=-1)
    f_t, i_t, o_t = torch.sigmoid(u @ W_f.T), torch.sigmoid(u @ W_i.T), torch.sigmoid(u @ W_o.T)
    c_t = f_t * c_prev + i_t * torch.tanh(u @ W_C.T)
    return o_t * torch.tanh(c_t), c_t
""",
        STEP,
        "h_t and c_t are what you get when every bias is left out",
    ),
    "no sigmoid": Wrong(
        """
def input_gate(x_t, h_prev, W_i, b_i):
    return torch.cat([h_prev, x_t], dim=-1) @ W_i.T + b_i
""",
        {"input-gate", *STEP},
        "i_t is what you get when σ is left out",
    ),
    "two mistakes in one gate": Wrong(
        """
def candidate(x_t, h_prev, W_C, b_C):
    return torch.sigmoid(torch.cat([x_t, h_prev], dim=-1) @ W_C.T + b_C)
""",
        {"candidate", *STEP},
        "c_tilde is what you get when x_t stands before h_{t-1} and σ stands in place of tanh",
    ),
    "two mistakes in the step": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    o_t = torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_o.T)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), h_prev)
    return hidden_state(o_t, c_t), c_t
""",
        STEP,
        "what you get when b_o is left out and h_{t-1} stands in place of C_{t-1}",
    ),
    "copied with the weights of another gate": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_f, b_f)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_t
""",
        STEP,
        "what you get when W_f and b_f stand in place of W_i and b_i",
    ),
    "copied with the bias of another gate": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_C), c_t), c_t
""",
        STEP,
        "h_t is what you get when b_C stands in place of b_o",
    ),
    "no forget gate, as in 1997": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return c_prev + i_t * c_tilde
""",
        {"cell-update", *STEP},
        "c_t is what you get when f_t is left out",
    ),
    "no input gate": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + c_tilde
""",
        {"cell-update", *STEP},
        "c_t is what you get when i_t is left out",
    ),
    "C squashed": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return torch.tanh(f_t * c_prev + i_t * c_tilde)
""",
        {"cell-update", *STEP},
        "c_t is what you get when C_t is squashed by tanh once more",
    ),
    "no output gate": Wrong(
        """
def hidden_state(o_t, c_t):
    return torch.tanh(c_t)
""",
        {"hidden-state", *STEP},
        "h_t is what you get when o_t is left out",
    ),
    "sigmoid for tanh in h": Wrong(
        """
def hidden_state(o_t, c_t):
    return o_t * torch.sigmoid(c_t)
""",
        {"hidden-state", *STEP},
        "h_t is what you get when σ stands in place of tanh around C_t",
    ),
    "the old C returned": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_prev
""",
        STEP,
        "c_t is what you get when C_{t-1} is returned in place of C_t",
    ),
    "only C is carried": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    c_t, hs = c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_0, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        "what you get when every step starts from h_0: h_t is not carried on",
    ),
    "time backwards": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in reversed(xs):
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        # In the visible check both steps have the same input: only the hidden cases tell.
        "hs, h_T and c_T are what you get when time runs backwards",
    ),
    "each state before its step": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in xs:
        hs.append(h_t)
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
    return torch.stack(hs), h_t, c_t
""",
        {"lstm-sequence"},
        "hs is what you get when h_0 to h_{T-1} are collected, not h_1 to h_T",
    ),
    "last states in the other order": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    h_t, c_t, hs = h_0, c_0, []
    for x_t in xs:
        h_t, c_t = lstm_step(x_t, h_t, c_t, *weights)
        hs.append(h_t)
    return torch.stack(hs), c_t, h_t
""",
        {"lstm-sequence"},
        "h_T and c_T are what you get when h_T and C_T are returned in each other's place",
    ),
    "numbers in a row asked for": Wrong(
        """
def hidden_state(o_t, c_t):
    return o_t * torch.tanh(c_t.view(-1)).view(c_t.shape)
""",
        # The c_t of the step is a result of its own, in a row.
        {"hidden-state"},
        "(only for tensors that are not contiguous)",
    ),
    "a list of numbers": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o).tolist()
""",
        {"output-gate", *STEP},
        "output_gate must return one tensor, o_t, got a list",
    ),
    "cast to float32": Wrong(
        """
def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(torch.cat([h_prev, x_t], -1).float() @ W_i.float().T + b_i.float())
""",
        {"input-gate", *STEP},
        "i_t must keep the dtype of the inputs, torch.float64, got torch.float32 "
        "(only for float64)",
    ),
    "rounded to float32 on the way": Wrong(
        """
def candidate(x_t, h_prev, W_C, b_C):
    a = torch.cat([h_prev, x_t], dim=-1).float() @ W_C.float().T + b_C.float()
    return torch.tanh(a).to(x_t.dtype)
""",
        {"candidate", *STEP},
        "c_tilde has the right shape but wrong values (only for float64",
    ),
    "W for h not transposed": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    H = h_prev.shape[-1]
    return torch.sigmoid(h_prev @ W_o[:, :H] + x_t @ W_o[:, H:].T + b_o)
""",
        # With H = 1, as in the visible checks, there is nothing to transpose.
        {"output-gate", *STEP},
        "o_t is what you get when the part of W_o that meets h_{t-1} is not transposed",
    ),
    "batch 1 only": Wrong(
        """
def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(W_i @ torch.cat([h_prev[0], x_t[0]]) + b_i)[None]
""",
        {"input-gate", *STEP},
        "(only for batches larger than 1)",
    ),
    "C changed in place": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return c_prev.mul_(f_t).add_(i_t * c_tilde)
""",
        {"cell-update", *STEP},
        "cell_update changes its argument c_prev in place",
    ),
    "overflow": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    a = torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o
    return torch.exp(a) / (1 + torch.exp(a))
""",
        {"output-gate", *STEP},
        "o_t holds NaN or infinity though every input is finite (only for",
    ),
    "no return": Wrong(
        """
def hidden_state(o_t, c_t):
    h_t = o_t * torch.tanh(c_t)
""",
        {"hidden-state", *STEP},
        "hidden_state returns None, as if `return` were missing",
    ),
    "the visible example learned by heart": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    return torch.full_like(h_prev, 0.8)
""",
        {"output-gate", *STEP},
        "o_t has the right shape but wrong values",
    ),
    "not finished": Wrong(
        """
def hidden_state(o_t, c_t):
    raise NotImplementedError

def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    raise NotImplementedError

def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    raise NotImplementedError
""",
        {"hidden-state", *STEP},
        "hidden_state is not written yet",
    ),
}
