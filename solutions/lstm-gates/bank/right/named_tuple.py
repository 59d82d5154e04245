"""Step and sequence give their results back as a named tuple."""

from typing import NamedTuple

import torch


class State(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor


class Run(NamedTuple):
    hs: torch.Tensor
    h: torch.Tensor
    c: torch.Tensor


def lstm_step(x_t, h_prev, c_prev, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    f = forget_gate(x_t, h_prev, W_f, b_f)
    i = input_gate(x_t, h_prev, W_i, b_i)
    c = cell_update(f, i, candidate(x_t, h_prev, W_C, b_C), c_prev)
    return State(h=hidden_state(output_gate(x_t, h_prev, W_o, b_o), c), c=c)


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    state, seen = State(h_0, c_0), []
    for x in xs:
        state = State(*lstm_step(x, *state, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o))
        seen.append(state.h)
    return Run(torch.stack(seen), state.h, state.c)
