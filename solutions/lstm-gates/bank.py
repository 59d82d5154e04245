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
}

WRONG = {
    "x before h": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid(torch.cat([x_t, h_prev], dim=-1) @ W_f.T + b_f)
""",
        {"forget-gate", *STEP},
        "f_t has the right shape but wrong values",
    ),
    "no bias": Wrong(
        """
def input_gate(x_t, h_prev, W_i, b_i):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_i.T)
""",
        {"input-gate", *STEP},
        "i_t has the right shape but wrong values",
    ),
    "tanh for sigmoid": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    return torch.tanh(torch.cat([h_prev, x_t], dim=-1) @ W_o.T + b_o)
""",
        {"output-gate", *STEP},
        "o_t ",
    ),
    "sigmoid for tanh": Wrong(
        """
def candidate(x_t, h_prev, W_C, b_C):
    return torch.sigmoid(torch.cat([h_prev, x_t], dim=-1) @ W_C.T + b_C)
""",
        {"candidate", *STEP},
        "c_tilde ",
    ),
    "softmax for sigmoid": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.softmax(torch.cat([h_prev, x_t], dim=-1) @ W_f.T + b_f, dim=-1)
""",
        {"forget-gate", *STEP},
        "f_t ",
    ),
    "entry by entry in place of the matrix product": Wrong(
        """
def forget_gate(x_t, h_prev, W_f, b_f):
    return torch.sigmoid((torch.cat([h_prev, x_t], dim=-1) * W_f).sum(dim=-1) + b_f)
""",
        {"forget-gate", *STEP},
        "must match the size of tensor",
    ),
    "matrix product in place of entry by entry": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t @ c_prev.T + i_t @ c_tilde.T
""",
        {"cell-update", *STEP},
        "c_t must have shape (1, 3), got (1, 1)",
    ),
    "forget and input gate exchanged in the update": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return i_t * c_prev + f_t * c_tilde
""",
        {"cell-update", *STEP},
        "c_t has the right shape but wrong values",
    ),
    "forget and input gate exchanged in the step": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = input_gate(x_t, h_prev, W_i, b_i), forget_gate(x_t, h_prev, W_f, b_f)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_t
""",
        STEP,
        "c_t ",
    ),
    "1 - f in place of i": Wrong(
        """
def cell_update(f_t, i_t, c_tilde, c_prev):
    return f_t * c_prev + (1 - f_t) * c_tilde
""",
        # The three entries of the visible check have i = 1 - f: only the hidden cases tell.
        {"cell-update", *STEP},
        "c_t has the right shape but wrong values",
    ),
    "h in place of C in the update": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), h_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t), c_t
""",
        STEP,
        "c_t ",
    ),
    "C returned for h": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return c_t, c_t
""",
        STEP,
        "h_t ",
    ),
    "C and h returned in the other order": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return c_t, hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_t)
""",
        STEP,
        "c_t ",
    ),
    "h from the old C": Wrong(
        """
def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f_t, i_t = forget_gate(x_t, h_prev, W_f, b_f), input_gate(x_t, h_prev, W_i, b_i)
    c_t = cell_update(f_t, i_t, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return hidden_state(output_gate(x_t, h_prev, W_o, b_o), c_prev), c_t
""",
        STEP,
        "h_t has the right shape but wrong values",
    ),
    "no tanh in h": Wrong(
        """
def hidden_state(o_t, c_t):
    return o_t * c_t
""",
        {"hidden-state", *STEP},
        "h_t ",
    ),
    "tanh around the product": Wrong(
        """
def hidden_state(o_t, c_t):
    return torch.tanh(o_t * c_t)
""",
        {"hidden-state", *STEP},
        "h_t has the right shape but wrong values",
    ),
    "every step starts from the first state": Wrong(
        """
def lstm_sequence(xs, h_0, c_0, *weights):
    states = [lstm_step(x_t, h_0, c_0, *weights) for x_t in xs]
    return torch.stack([h for h, _ in states]), *states[-1]
""",
        {"lstm-sequence"},
        "c_T ",
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
        "c_T ",
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
        "hs ",
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
        "hs must have shape (2, 1, 1), got (1, 2, 1)",
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
        "hs must have shape (2, 1, 1), got (3, 1, 1)",
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
        "not enough values to unpack",
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
        "c_tilde has the right shape but wrong values (only for float64 and numbers near 0)",
    ),
    "W for h not transposed": Wrong(
        """
def output_gate(x_t, h_prev, W_o, b_o):
    H = h_prev.shape[-1]
    return torch.sigmoid(h_prev @ W_o[:, :H] + x_t @ W_o[:, H:].T + b_o)
""",
        # With H = 1, as in the visible checks, there is nothing to transpose.
        {"output-gate", *STEP},
        "o_t has the right shape but wrong values",
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
        "o_t holds NaN or infinity though every input is finite "
        "(only for float32 and large numbers)",
    ),
    "no return": Wrong(
        """
def hidden_state(o_t, c_t):
    h_t = o_t * torch.tanh(c_t)
""",
        {"hidden-state", *STEP},
        "h_t is None, as if `return` were missing",
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
        "",
    ),
}
