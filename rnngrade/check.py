"""What test cells call: run a student's function, compare, and say in one sentence what is off.

Every failure is an AssertionError whose sentence names the output and the kind of mistake,
and never shows an expected value. Where the student's numbers are those of a known mistake,
`rnngrade.misconceptions` names it. An AuthorError means that the test itself is wrong.
"""

import torch

from rnngrade.checks.cases import NEAR_0, Case, cases, generator, use_devices, use_key
from rnngrade.checks.comparison import Comparison, products, values_and_products
from rnngrade.checks.verdict import (
    AuthorError,
    ChangedArgument,
    Forbidden,
    Problem,
    check_kind,
    check_reference,
    check_shape,
    check_values,
    leaves,
    name_of,
)

__all__ = [
    "AuthorError",
    "ChangedArgument",
    "Forbidden",
    "cases",
    "close",
    "compare",
    "example",
    "gradients",
    "in_place",
    "module",
    "use_devices",
    "use_key",
]

WEIGHTS = -2  # a seed that no test has


def close(got, want, name):
    """Compare one result with numbers that the reader may see: a visible check.

    Args:
        got: what the student's function returned.
        want: a tensor, or nested lists of numbers.
        name: what the result is called on the page, such as "f_t".

    Raises:
        AssertionError: one sentence, if they differ.
    """
    try:
        check_kind(name, got)
        want = torch.as_tensor(want, dtype=got.dtype, device=got.device)
        check_reference({name: None}, (want,), {})
        check_shape(name, got, want)
        check_values(name, got, want)
    except Problem as problem:
        raise AssertionError(f"{problem}.") from None


def example(student, arguments, returns):
    """Call a function on an example that can be followed on paper: a visible check.

        check.example(hidden_state, {"o_t": [[0.5]], "c_t": [[0.0]]}, {"h_t": [[0.0]]})

    If it fails, the function is tried on random numbers too, in order to name the mistake.

    Args:
        student: the function under test.
        arguments: in the order of the function, each by its name on the page: a tensor or
            nested lists of numbers.
        returns: the outputs in order, likewise.

    Raises:
        AssertionError: one sentence, if the outputs differ.
    """
    case = Case({name: _tensor(value) for name, value in arguments.items()}, {}, set())
    want = [_tensor(value) for value in returns.values()]
    want = want[0] if len(want) == 1 else want
    shown = Comparison(student, lambda *_: want, dict.fromkeys(returns))
    trial = shown.trial(case)
    if trial.problem:
        random = _random_trials(student, case, want, returns) if trial.is_explicable else []
        shown.tell([trial], explained_by=random)


def compare(student, reference, cases, returns):
    """Call both functions on every case and compare what they return.

    Args:
        student: the function under test.
        reference: the function that is right; it takes the same arguments.
        cases: from `cases(…)`.
        returns: the outputs in order, each with its symbolic shape: {"h_t": "B H", …}, or
            None for a shape that is not told. Where the reference nests them, as in
            hs, (h_T, c_T), so must the student's function.

    Raises:
        AssertionError: one sentence: the misconception, if the outputs are those of one; else
            the first kind of failure, and where it occurs if that is not everywhere.
    """
    Comparison(student, reference, returns).judge(cases)


def gradients(student, reference, cases, returns):
    """Compare what autograd makes of both functions: the gradients of Σ v ⊙ output, v random.

    The arguments and errors are those of `compare`. The gradient with respect to every input
    that holds real numbers is compared.
    """
    Comparison(student, reference, returns, products, _gradients_of(cases)).judge(cases)


def in_place(student, reference, cases, changes, returns=None):
    """Compare how both functions change their arguments; their names end in _, as in torch.

    Args:
        student, reference, cases: as in `compare`.
        changes: the names of the arguments that change; the others must stay as they are.
        returns: as in `compare`, or None if it does not matter what is returned.
    """
    returns = returns or {}

    def after(run, arguments, names):
        outputs = run(arguments)
        return *(arguments[name] for name in changes), *outputs

    outputs = {**dict.fromkeys(changes), **returns}
    Comparison(student, reference, returns, after, outputs, changes).judge(cases)


def module(student, reference, sizes, cases, returns):
    """Compare two classes of torch modules: same weights, same inputs, outputs and gradients.

        check.module(
            LSTM, torch.nn.LSTM, "I H", check.cases(seed=1, xs="T B I"),
            returns={"hs": "T B H", "h_T": None, "c_T": None},
        )

    Args:
        student: the class under test.
        reference: the class that is right, or a function that makes an instance.
        sizes: the letters whose numbers both are made with.
        cases: the inputs of forward.
        returns: as in `compare`.

    Raises:
        AssertionError: one sentence: the weight that is missing, misshapen or too many, or
            what `compare` and `gradients` say.
    """
    count = len(cases[0].arguments)
    cases = [_with_weights(case, reference, sizes) for case in cases]
    names = list(cases[0].arguments)[1 + count :]
    outputs = {**returns, **_gradients_of(cases)}
    mine, theirs = (_applied(make, count, names) for make in (student, reference))
    Comparison(mine, theirs, returns, values_and_products, outputs).judge(cases)


def _random_trials(student, case, want, returns):
    """Trials beyond the example, if it tells which formula the function should be."""
    from rnngrade import misconceptions  # only now: a right answer never needs them

    known = misconceptions.reference_for(case, leaves(want), returns)
    if known is None:
        return []
    near_0 = [c for c in cases(**known.shapes) if c.settings >= {NEAR_0, "float64"}]
    return Comparison(student, known.function, dict.fromkeys(returns)).trials(near_0)


def _tensor(value):
    return (
        value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float32)
    )


def _gradients_of(cases):
    """The names of the gradients of all inputs that have one."""
    real = [
        n for n, a in cases[0].arguments.items() if torch.is_tensor(a) and a.is_floating_point()
    ]
    return {f"the gradient with respect to {name}": None for name in real}


def _with_weights(case, reference, sizes):
    """The case of a function of the sizes, the inputs and the weights of the reference."""
    numbers = tuple(case.sizes[letter] for letter in sizes.split())
    random, like = generator(WEIGHTS), next(iter(case.arguments.values()))
    weights = {
        name: torch.randn(w.shape, generator=random, dtype=torch.float64).to(like)
        for name, w in reference(*numbers).state_dict().items()
    }
    return Case({"sizes": numbers, **case.arguments, **weights}, case.sizes, case.settings)


def _applied(make, count, names):
    """A class of modules as a function of the sizes, the inputs and the weights."""

    def forward(numbers, *tensors):
        made, weights = make(*numbers), dict(zip(names, tensors[count:], strict=True))
        _check_state(name_of(make), made, weights)
        return torch.func.functional_call(made, weights, tensors[:count])

    forward.__name__ = name_of(make)
    return forward


def _check_state(name, made, weights):
    if not isinstance(made, torch.nn.Module):
        raise Problem("module", f"{name} must be a torch.nn.Module")
    state = made.state_dict()
    for these, those, verb in ((weights, state, "lacks"), (state, weights, "must not hold")):
        if odd := [key for key in these if key not in those]:
            raise Problem("state", f"the state dict of {name} {verb} {', '.join(odd)}")
    for key, weight in weights.items():
        check_shape(f"{key} in the state dict of {name}", state[key], weight)
