"""Seeded inputs for a test: over shapes, dtypes, devices, layouts and sizes of numbers."""

import hmac
import re
import sys
from dataclasses import dataclass
from itertools import product

import torch

# The simplest comes first, because the first failure is the one that is told. No two letters
# share a number where a mistake could hide behind it, but for the last line: there H = I.
SIZES = (
    {"T": 1, "B": 1, "I": 2, "H": 3, "O": 4, "V": 5, "S": 2},
    {"T": 4, "B": 1, "I": 3, "H": 2, "O": 5, "V": 6, "S": 7},
    {"T": 1, "B": 5, "I": 1, "H": 3, "O": 2, "V": 4, "S": 6},
    {"T": 6, "B": 5, "I": 3, "H": 7, "O": 4, "V": 8, "S": 2},
    {"T": 3, "B": 2, "I": 4, "H": 4, "O": 5, "V": 6, "S": 7},
)
DTYPES = (torch.float32, torch.float64)
NEAR_0, LARGE = SCALES = ("numbers near 0", "large numbers")
STRIDED = "tensors that are not contiguous"

_key = None
_devices = None


@dataclass(frozen=True)
class Case:
    """The inputs of one call.

    `arguments` maps a name to a tensor or number, `sizes` a letter to a number; `settings`
    says in words what is special here, such as "float64".
    """

    arguments: dict
    sizes: dict
    settings: set


def cases(seed=0, **shapes):
    """Draw the inputs of a function, one `Case` per setting.

        cases(x_t="B I", h_prev="B H", W_f="H H+I", b_f="H")

    Args:
        seed: the same seed gives the same numbers on every machine, until `use_key`.
        **shapes: the arguments in the order of the function, each with its shape: letters
            of `SIZES`, sums and multiples of them, separated by spaces. A shape followed by
            "< V" holds whole numbers from 0 to V-1, by "<= T" whole numbers from 1 to T, by
            "?" truth values whose first row is true; "> 0" is one positive Python number.

    Returns:
        A list of cases over sizes, dtypes, scales, layouts in memory and `devices()`.
    """
    random = generator(seed)
    settings = [(scale, dtype, n, False) for scale, dtype, n in product(SCALES, DTYPES, SIZES)]
    settings += [(NEAR_0, dtype, SIZES[3], True) for dtype in DTYPES]
    drawn = []
    for scale, dtype, sizes, strided in settings:
        numbers = {n: _draw(spec, sizes, scale, random) for n, spec in shapes.items()}
        words = {*_words(sizes, shapes), str(dtype).removeprefix("torch."), scale}
        for device in devices():
            arguments = {n: _place(a, device, dtype, strided) for n, a in numbers.items()}
            more = {f"tensors on {device}"} | ({STRIDED} if strided else set())
            drawn.append(Case(arguments, sizes, words | more))
    return drawn


def use_key(key):
    """Mix a secret key into every seed from now on; None goes back to the public seeds.

    Args:
        key: bytes or hexadecimal, such as `rnngrade.course.seeds.student_seed` gives, or None.
    """
    global _key
    _key = bytes.fromhex(key) if isinstance(key, str) else key


def generator(seed):
    """Random numbers on the CPU from a seed and, where there is one, the key."""
    if _key is not None:
        digest = hmac.digest(_key, str(seed).encode(), "sha256")
        seed = int.from_bytes(digest[:8], "big") >> 1
    return torch.Generator("cpu").manual_seed(seed)


def use_devices(*names):
    """Test on these devices from now on, "cpu" and "cuda"; without names, on the default."""
    global _devices
    _devices = names or None


def devices():
    """Where to test: what was asked for; else the CPU, and in Jupyter CUDA if it is there."""
    if _devices:
        return _devices
    return ("cpu", "cuda") if _in_jupyter() and torch.cuda.is_available() else ("cpu",)


def shape(symbols, sizes):
    """The numbers behind a symbolic shape: "B 4H+I" with B=5, H=3, I=1 is (5, 13)."""
    return tuple(
        sum(int(count or 1) * sizes[letter] for count, letter in _TERM.findall(symbol))
        for symbol in symbols.split()
    )


_TERM = re.compile(r"(\d*)([A-Z])")


def _draw(spec, sizes, scale, random):
    # Everything spelled out: a student may have changed torch's defaults.
    symbols, rule, limit = re.fullmatch(r"([^<>?]*)(<=|<|>|\?|)\s*(\w*)", spec).groups()
    size, options = shape(symbols, sizes), {"generator": random, "device": "cpu"}
    if rule == "<":
        return torch.randint(sizes[limit], size, **options)
    if rule == "<=":
        return torch.randint(sizes[limit], size, **options) + 1
    if rule == "?":
        truths = torch.randint(2, size, **options).bool()
        truths[0] = True
        return truths
    numbers = torch.randn(size, dtype=torch.float64, **options)
    if rule == ">":
        return numbers.exp().square().item()  # over orders of magnitude
    if scale == NEAR_0:
        return numbers
    # Large inputs and states saturate the gates. Whole numbers have exact sums of products in
    # any order, and small weights do not enlarge what is rounded along a sequence: so two
    # right solutions agree here as closely as near 0.
    return torch.round(numbers * (40 if "B" in symbols else 2))


def _place(value, device, dtype, strided):
    if isinstance(value, float):
        return value
    value = value.to(device, dtype if value.is_floating_point() else value.dtype)
    if strided and value.ndim > 1:  # the same numbers, but not in a row
        value = value.transpose(0, -1).contiguous().transpose(0, -1)
    return value


def _words(sizes, shapes):
    yield "batch 1" if sizes["B"] == 1 else "batches larger than 1"
    if any("T" in spec for spec in shapes.values()):
        yield "a single time step" if sizes["T"] == 1 else "more than one time step"


def _in_jupyter():
    """Whether this process is the kernel of a notebook, as a student's own is."""
    ipython = sys.modules.get("IPython")
    return bool(ipython) and getattr(ipython.get_ipython(), "kernel", None) is not None
