"""Gradients and modules: what only torch has. Imported by a check that is about them."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from rnngrade.checks import arrays
from rnngrade.checks.cases import Case, generator
from rnngrade.checks.verdict import Problem, leaves, name_of
from rnngrade.messages import Message, message

DIRECTIONS, WEIGHTS = -1, -2  # seeds that no test has


def gradient_names(cases: Sequence[Case]) -> dict[Message, None]:
    """The names of the gradients of all inputs that have one."""
    real = [name for name, value in cases[0].numbers.items() if arrays.is_real(value)]
    return {message("checks.gradient", name=name): None for name in real}


def with_gradients(function: Callable, returns: Sequence[str]) -> Callable:
    """The function that gives the gradients of Σ v ⊙ output in place of its outputs."""

    def gradients(*arguments: Any) -> torch.Tensor | tuple[torch.Tensor, ...]:
        inputs = [a.requires_grad_() if arrays.is_real(a) else a for a in arguments]
        with torch.enable_grad():
            # Copies of them: a function that changes one is told so, not refused by autograd.
            outputs = leaves(function(*map(arrays.copy, inputs)))
            for name, output in zip(returns, outputs, strict=True):
                if not output.requires_grad:
                    raise Problem("checks.detached", name=name)
            random = generator(DIRECTIONS)
            v = [torch.from_numpy(random.standard_normal(o.shape)).to(o) for o in outputs]
        real = [a for a in inputs if arrays.is_real(a)]
        made = torch.autograd.grad(outputs, real, v, allow_unused=True, materialize_grads=True)
        return made if len(made) > 1 else made[0]

    gradients.__name__ = str(name_of(function))
    return gradients


def with_weights(case: Case, reference: Callable, sizes: str) -> Case:
    """The case of a function of the sizes, the inputs and the weights of the reference."""
    counts = tuple(case.sizes[letter] for letter in sizes.split())
    random = generator(WEIGHTS)
    like = next(value for value in case.numbers.values() if arrays.is_real(value))
    weights = {
        name: random.standard_normal(tuple(w.shape)).astype(like.dtype)
        for name, w in reference(*counts).state_dict().items()
    }
    numbers = {"sizes": counts, **case.numbers, **weights}
    return Case(numbers, case.sizes, case.settings, case.library, case.device)


def applied(make: Callable, count: int, names: Sequence[str]) -> Callable:
    """A class of modules as a function of the sizes, `count` inputs and the weights."""

    def forward(sizes: tuple, *tensors: Any) -> Any:
        made, weights = make(*sizes), dict(zip(names, tensors[count:], strict=True))
        _check_state(name_of(make), made, weights)
        return torch.func.functional_call(made, weights, tensors[:count])

    forward.__name__ = str(name_of(make))
    return forward


def _check_state(name, made, weights):
    if not isinstance(made, torch.nn.Module):
        raise Problem("checks.module", name=name)
    state = made.state_dict()
    if lacking := [key for key in weights if key not in state]:
        raise Problem("checks.state-lacks", name=name, keys=", ".join(lacking))
    if odd := [key for key in state if key not in weights]:
        raise Problem("checks.state-odd", name=name, keys=", ".join(odd))
    for key, weight in weights.items():
        got, must = tuple(state[key].shape), tuple(weight.shape)
        if got != must:
            fields = {"key": key, "must": f"{must}", "got": f"{got}"}
            raise Problem("checks.state-shape", name=name, **fields)
