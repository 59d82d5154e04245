"""Seeded inputs for a test: over shapes, dtypes, devices and sizes of numbers."""

import hashlib
import hmac
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from rnngrade.checks import arrays
from rnngrade.errors import CourseError
from rnngrade.messages import Message, message

# Five settings for each letter of the course. The simplest comes first, because the first
# failure is the one that is told. No two letters share a number where a mistake could hide
# behind it, but for the last setting: there H = I. A unit declares any other letter itself.
SIZES = {
    "T": (1, 4, 1, 6, 3),
    "B": (1, 1, 5, 5, 2),
    "I": (2, 3, 1, 3, 4),
    "H": (3, 2, 3, 7, 4),
    "O": (4, 5, 2, 4, 5),
}
NEAR_0, LARGE = message("checks.near-0"), message("checks.large")
SATURATED = (1, 3)  # of these settings: those that are tried with large numbers too

_TERM = re.compile(r"(\d*)([A-Z])")
_key: bytes | None = None
_devices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Case:
    """The inputs of one call.

    `numbers` maps a name to a NumPy array or a plain value, `sizes` a letter to a number;
    `settings` says what is special here, such as a dtype.
    """

    numbers: dict[str, Any]
    sizes: dict[str, int]
    settings: frozenset[Message]
    library: str
    device: str = "cpu"

    @cached_property
    def arguments(self) -> dict[str, Any]:
        """The same in the library and on the device of the function under test."""
        return {
            name: arrays.place(value, self.library, self.device)
            if arrays.is_array(value)
            else value
            for name, value in self.numbers.items()
        }

    def copies(self) -> dict[str, Any]:
        """Arguments that a function may spoil."""
        return {name: arrays.copy(value) for name, value in self.arguments.items()}


def cases(
    seed: int | str = 0,
    *,
    sizes: Mapping[str, Sequence[int]] | None = None,
    dtypes: Sequence[str] | None = None,
    library: str | None = None,
    **shapes: str,
) -> list[Case]:
    """Draw the inputs of a function, one `Case` per setting.

        cases(x_t="B I", h_prev="B H", W_f="H H+I", b_f="H")

    Args:
        seed: the same seed gives the same numbers on every machine, until `use_key`.
        sizes: letters that the course does not have, each with its five numbers.
        dtypes: "float32", "float64"; both if nothing is said, the last alone on NumPy.
        library: "numpy" or "torch"; torch where it is loaded if nothing is said.
        **shapes: the arguments in the order of the function, each with its shape: letters,
            sums and multiples of them, separated by spaces. A shape followed by "< V" holds
            whole numbers from 0 to V-1, by "<= T" whole numbers from 1 to T, by "?" truth
            values whose first row is true; "> 0" is one positive Python number.

    Returns:
        A list of cases over sizes, dtypes, scales and `devices()`.

    Raises:
        CourseError: a shape that is not written like this.
    """
    library = library or default_library()
    dtypes = dtypes or (arrays.DTYPES if library == "torch" else ("float64",))
    random, letters = generator(seed), {**SIZES, **(sizes or {})}
    settings = [
        dict(zip(letters, numbers, strict=True))
        for numbers in zip(*letters.values(), strict=True)
    ]
    wanted = [(NEAR_0, *pair) for pair in product(dtypes, settings)]
    wanted += [(LARGE, *pair) for pair in product(dtypes, [settings[n] for n in SATURATED])]
    drawn = []
    for scale, dtype, chosen in wanted:
        numbers = {n: _draw(spec, chosen, scale, dtype, random) for n, spec in shapes.items()}
        if chosen is settings[-1]:
            _clear_a_row(numbers, shapes)
        special = {*_special(chosen, shapes), message("checks.dtype-is", dtype=dtype), scale}
        for device in devices() if library == "torch" else ("cpu",):
            where = {message("checks.on-device", device=device)}
            drawn.append(Case(numbers, chosen, frozenset(special | where), library, device))
    return drawn


def use_key(key: bytes | str | None) -> None:
    """Mix a secret key into every seed from now on; None goes back to the public seeds.

    Args:
        key: bytes or hexadecimal, such as `rnngrade.course.seeds.student_seed` gives, or None.
    """
    global _key
    _key = bytes.fromhex(key) if isinstance(key, str) else key


def generator(seed: int | str) -> np.random.Generator:
    """Random numbers from a seed and, where there is one, the key."""
    text = str(seed).encode()
    digest = hmac.digest(_key, text, "sha256") if _key else hashlib.sha256(text).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def use_devices(*names: str) -> None:
    """Test tensors on these devices, "cpu" and "cuda", from now on; none: on the default."""
    global _devices
    _devices = names or None


def devices() -> tuple[str, ...]:
    """Where to test: what was asked for; else the CPU, and in Jupyter CUDA if it is there."""
    if _devices:
        return _devices
    torch = sys.modules.get("torch")
    cuda = torch is not None and _in_jupyter() and torch.cuda.is_available()
    return ("cpu", "cuda") if cuda else ("cpu",)


def default_library() -> str:
    """The library of arrays if a unit does not say: torch where it is loaded."""
    return "torch" if "torch" in sys.modules else "numpy"


def shape(symbols: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The numbers behind a symbolic shape: "B 4H+I" with B=5, H=3, I=1 is (5, 13)."""
    return tuple(
        sum(int(count or 1) * sizes[letter] for count, letter in _TERM.findall(symbol))
        for symbol in symbols.split()
    )


def letters_of(symbols: str) -> set[str]:
    """The letters of a symbolic shape, those of its limits included."""
    return {letter for _, letter in _TERM.findall(symbols)}


def _draw(spec, sizes, scale, dtype, random):
    found = re.fullmatch(r"([^<>?]*)(<=|<|>|\?|)\s*(\w*)", spec)
    if not found:
        raise CourseError("checks.author-inputs", got=spec)
    symbols, rule, limit = found.groups()
    size = shape(symbols, sizes)
    if rule == "<":
        return random.integers(sizes[limit], size=size)
    if rule == "<=":
        drawn = random.integers(sizes[limit], size=size) + 1
        return drawn if size else int(drawn)  # as Python counts
    if rule == "?":
        truths = random.integers(2, size=size).astype(bool)
        truths[0] = True
        return truths
    drawn = random.standard_normal(size)
    if rule == ">":
        return float(np.exp(drawn) ** 2)  # over orders of magnitude
    if scale == LARGE:
        # Large inputs and states saturate the gates. Whole numbers have exact sums of products
        # in any order, and small weights do not enlarge what is rounded along a sequence: so
        # two right solutions agree here as closely as near 0.
        drawn = np.round(drawn * (40 if "B" in symbols else 2))
    return np.asarray(drawn, dtype)


def _clear_a_row(numbers, shapes):
    """Zeros are numbers too: the first step, or the first of the batch, has nothing else."""
    for name, spec in shapes.items():
        if re.match(r"[TB]\b", spec) and numbers[name].dtype.kind == "f":
            numbers[name][0] = 0


def _special(sizes, shapes):
    batch = sizes["B"] == 1
    if any("B" in letters_of(spec) for spec in shapes.values()):
        yield message("checks.batch-1") if batch else message("checks.batch-many")
    if any("T" in letters_of(spec) for spec in shapes.values()):
        yield message("checks.one-step") if sizes["T"] == 1 else message("checks.many-steps")


def _in_jupyter():
    """Whether this process is the kernel of a notebook, as a student's own is."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None
