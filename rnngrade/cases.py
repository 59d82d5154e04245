"""Seeded inputs for a test: over shapes, dtypes, devices and sizes of numbers."""

from dataclasses import dataclass
from itertools import product

import torch

# The simplest comes first, because the first failure is the one that is told. No two letters
# share a number where a mistake could hide behind it, but for the last line: there H = I.
SIZES = (
    {"T": 1, "B": 1, "I": 2, "H": 3},
    {"T": 4, "B": 1, "I": 3, "H": 2},
    {"T": 1, "B": 5, "I": 1, "H": 3},
    {"T": 6, "B": 5, "I": 3, "H": 7},
    {"T": 3, "B": 2, "I": 4, "H": 4},
)
DTYPES = (torch.float32, torch.float64)
SCALES = ("numbers near 0", "large numbers")


@dataclass(frozen=True)
class Case:
    """The inputs of one call.

    `arguments` maps a name to a tensor, `sizes` a letter to a number; `settings` says in
    words what is special here, such as "float64".
    """

    arguments: dict
    sizes: dict
    settings: set


def cases(seed=0, **shapes):
    """Draw the inputs of a function, one `Case` per setting.

        cases(x_t="B I", h_prev="B H", W_f="H H+I", b_f="H")

    Args:
        seed: the same seed gives the same numbers on every machine.
        **shapes: the arguments in the order of the function, each with its shape: letters
            of `SIZES` or sums of them, separated by spaces.

    Returns:
        A list of cases over sizes, dtypes, scales and every device present.
    """
    random = torch.Generator("cpu").manual_seed(seed)
    drawn = []
    for scale, dtype, sizes in product(SCALES, DTYPES, SIZES):
        numbers = {n: _draw(symbols, sizes, scale, random) for n, symbols in shapes.items()}
        settings = {*_settings(sizes, shapes), str(dtype).removeprefix("torch."), scale}
        for device in devices():
            arguments = {name: a.to(device, dtype) for name, a in numbers.items()}
            drawn.append(Case(arguments, sizes, settings | {f"tensors on {device}"}))
    return drawn


def devices():
    """The devices to test on: the CPU, and CUDA where there is one."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def shape(symbols, sizes):
    """The numbers behind a symbolic shape: "B H+I" with B=5, H=3, I=1 is (5, 4)."""
    return tuple(
        sum(sizes[letter] for letter in symbol.split("+")) for symbol in symbols.split()
    )


def _draw(symbols, sizes, scale, random):
    # Everything spelled out: a student may have changed torch's defaults.
    size = shape(symbols, sizes)
    numbers = torch.randn(size, generator=random, dtype=torch.float64, device="cpu")
    if scale == "numbers near 0":
        return numbers
    # Large inputs and states saturate the gates. Whole numbers have exact sums of products in
    # any order, and small weights do not enlarge what is rounded along a sequence: so two
    # right solutions agree here as closely as near 0.
    return torch.round(numbers * (40 if "B" in symbols else 2))


def _settings(sizes, shapes):
    yield "batch 1" if sizes["B"] == 1 else "batches larger than 1"
    if any("T" in symbols for symbols in shapes.values()):
        yield "a single time step" if sizes["T"] == 1 else "more than one time step"
