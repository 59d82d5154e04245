"""The cells along a sequence, with the mistakes of the loop beside those of the step."""

import numpy as np

from rnngrade.misconceptions.cells import STEPS
from rnngrade.misconceptions.family import Family
from rnngrade.misconceptions.mistakes import named, returned


def along_time(at, step, xs, carry, weights):
    """Run a step along time: {"hs", "h_T"}, and {"cs", "c_T"} for a cell with two states."""
    first, carry, seen = carry, _first(at, carry), []
    steps = at(
        lambda: xs,
        {
            named("mistakes.time-backwards"): lambda: xs[::-1],
            named("mistakes.loop-over-batch"): lambda: xs.swapaxes(0, 1),
            named("mistakes.last-step-missed"): lambda: xs[:-1],
        },
        rare={named("mistakes.first-step-missed"): lambda: xs[1:]},
    )
    start = carry
    for x_t in steps:
        carry = step.run(at, x_t, _start(at, carry, start), **weights)
        seen.append(carry)
    hs, *cs = (np.stack(states) for states in zip(*seen, strict=True))
    wrong = {
        named("mistakes.collected-before"): lambda: np.concatenate([start[0][None], hs[:-1]]),
        named("mistakes.collected-first-too"): lambda: np.concatenate([start[0][None], hs]),
        named("mistakes.time-and-batch"): lambda: hs.swapaxes(0, 1),
        named("mistakes.collected-backwards"): lambda: hs[::-1],
        named("mistakes.collected-last-only"): lambda: hs[-1:],
        named("mistakes.one-tensor"): lambda: np.stack([hs[-1]] * len(hs)),
    }
    rare = {
        named("mistakes.reshaped", what="hs"): lambda: hs.swapaxes(0, 1).reshape(hs.shape),
        named("mistakes.time-and-batch-flat"): lambda: hs.reshape(
            hs.shape[1], hs.shape[0], *hs.shape[2:]
        ),
        named("mistakes.zero-row-first"): lambda: np.concatenate([hs[:1] * 0, hs[:-1]]),
    }
    if cs:
        wrong[named("mistakes.collected-cells")] = lambda: cs[0]
    return {"hs": at(lambda: hs, wrong, rare), **_last(at, first, hs, *cs)}


def _first(at, carry):
    """The states before the first step."""
    zeros = [np.zeros_like(state) for state in carry]
    names = ("h_0", "C_0")[: len(carry)]
    wrong = {named("mistakes.from-zeros", what=", ".join(names)): lambda: tuple(zeros)}
    if len(carry) == 2:
        wrong[named("mistakes.from-zeros", what="h_0")] = lambda: (zeros[0], carry[1])
        wrong[named("mistakes.from-zeros", what="C_0")] = lambda: (carry[0], zeros[1])
    return at(lambda: carry, {}, wrong)


def _start(at, carry, first):
    """The state from which a step starts: what the step before has left."""
    wrong = {named("mistakes.not-carried"): lambda: first}
    if len(carry) == 2:
        wrong[named("mistakes.not-carried-one", first="h_0", what="h_t")] = lambda: (
            first[0],
            carry[1],
        )
        wrong[named("mistakes.not-carried-one", first="C_0", what="C_t")] = lambda: (
            carry[0],
            first[1],
        )
    return at(lambda: carry, wrong)


def _last(at, first, hs, cs=None):
    h_T, c_T = at(lambda: (-1, -1), {named("mistakes.first-step-returned"): lambda: (0, 0)})
    if cs is None:
        return {"h_T": at(lambda: hs[h_T], {returned("h_0", "h_T"): lambda: first[0]})}
    h_T, c_T = at(
        lambda: (hs[h_T], cs[c_T]),
        {
            named("mistakes.returned-swapped", one="h_T", other="C_T"): lambda: (
                cs[-1],
                hs[-1],
            ),
            returned("C_T", "h_T"): lambda: (cs[-1], cs[-1]),
            returned("h_T", "C_T"): lambda: (hs[-1], hs[-1]),
            returned("h_0, C_0", "h_T, C_T"): lambda: (first[0], first[1]),
        },
        rare={
            returned("h_0", "h_T"): lambda: (first[0], cs[-1]),
            returned("C_0", "C_T"): lambda: (hs[-1], first[1]),
        },
    )
    return {"h_T": h_T, "c_T": c_T, "cs": cs}


def _family(step):
    def recipe(at, xs, h_0, c_0=None, **weights):
        carry = (h_0,) if step.carry == "h" else (h_0, c_0)
        return along_time(at, step, xs, carry, weights)

    first = (f"{letter}_0" for letter in step.carry)
    return Family(recipe, ("xs", *first, *step.weights), step.optional)


SEQUENCES = {name: _family(step) for name, step in STEPS.items()}
