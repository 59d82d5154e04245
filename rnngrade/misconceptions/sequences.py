"""The cells along a sequence, with the mistakes of the loop beside those of the step."""

import torch

from rnngrade.misconceptions.cells import STEPS
from rnngrade.misconceptions.family import Family


def along_time(at, step, xs, carry, weights):
    """Run a step along time: {"hs", "h_T"}, and {"cs", "c_T"} for a cell with two states."""
    first, seen = carry, []
    steps = at(
        lambda: xs,
        {
            "time runs backwards": lambda: xs.flip(0),
            "the loop runs over the batch, not over time": lambda: xs.transpose(0, 1),
        },
    )
    for x_t in steps:
        carry = step.run(at, x_t, _start(at, carry, first), **weights)
        seen.append(carry)
    hs, *cs = (torch.stack(states) for states in zip(*seen, strict=True))
    wrong = {
        "h_0 to h_{T-1} are collected, not h_1 to h_T": lambda: torch.cat(
            [first[0][None], hs[:-1]]
        ),
        "h_0 is collected too": lambda: torch.cat([first[0][None], hs]),
        "time and batch are exchanged in the output": lambda: hs.transpose(0, 1),
        "the states are collected backwards": lambda: hs.flip(0),
        "the last state alone is collected": lambda: hs[-1:],
    }
    if cs:
        wrong["the cell states are collected, not the hidden states"] = lambda: cs[0]
    return {"hs": at(lambda: hs, wrong), **_last(at, hs, *cs)}


def _start(at, carry, first):
    """The state from which a step starts: what the step before has left."""
    wrong = {"every step starts from the first state": lambda: first}
    if len(carry) == 2:
        wrong["every step starts from h_0: h_t is not carried on"] = lambda: (
            first[0],
            carry[1],
        )
        wrong["every step starts from C_0: C_t is not carried on"] = lambda: (
            carry[0],
            first[1],
        )
    return at(lambda: carry, wrong)


def _last(at, hs, cs=None):
    h_T, c_T = at(
        lambda: (-1, -1),
        {"the states after the first step are returned as the last": lambda: (0, 0)},
    )
    if cs is None:
        return {"h_T": hs[h_T]}
    h_T, c_T = at(
        lambda: (hs[h_T], cs[c_T]),
        {
            "h_T and C_T are returned in each other's place": lambda: (cs[-1], hs[-1]),
            "C_T is returned in place of h_T": lambda: (cs[-1], cs[-1]),
            "h_T is returned in place of C_T": lambda: (hs[-1], hs[-1]),
        },
    )
    return {"h_T": h_T, "c_T": c_T, "cs": cs}


def _family(step):
    def recipe(at, xs, h_0, c_0=None, **weights):
        carry = (h_0,) if step.carry == "h" else (h_0, c_0)
        return along_time(at, step, xs, carry, weights)

    first = {f"{letter}_0": "B H" for letter in step.carry}
    return Family(recipe, {"xs": "T B I", **first, **step.weights}, step.optional)


SEQUENCES = tuple(map(_family, STEPS))
