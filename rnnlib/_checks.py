"""A bad argument is told in one sentence that names it, before it becomes a puzzle."""

import re
from functools import cache

from array_api_compat import array_namespace, device, is_array_api_obj


def check_arrays(**arguments):
    """Check arrays against each other and return the array library they share.

    Each argument is `name=(array, shape)`. A shape is written as on the page: "... I" is any
    leading axes and one of size I, "4H I" a matrix of 4·H rows and I columns; None is any
    shape. The first array that shows a size fixes it for the ones that follow, as it fixes
    the library, the dtype and the device. The Python number 0.0 stands for a bias that is
    left out.

    Raises TypeError for something that is no array, for another library and for a wrong
    dtype, ValueError for another device and for a wrong shape.
    """
    arrays = {n: (a, s) for n, (a, s) in arguments.items() if not _is_left_out(a)}
    (first, (reference, _)), *others = arrays.items()
    xp = _library(first, reference)
    _check_dtype(first, reference, xp)
    where = device(reference)
    for name, (array, _) in others:
        if type(array) is not type(reference) and _library(name, array) is not xp:
            raise TypeError(
                f"{name} must be of the same library as {first}, {_type_name(reference)}, "
                f"got {_type_name(array)}."
            )
        if array.dtype != reference.dtype:
            _check_dtype(name, array, xp)
            raise TypeError(
                f"{name} must have the dtype of {first}, {reference.dtype}, got {array.dtype}."
            )
        if device(array) != where:
            raise ValueError(
                f"{name} must be on the device of {first}, {where}, got {device(array)}."
            )
    sizes = {}
    for name, (array, shape) in arrays.items():
        if shape is not None:
            _check_shape(name, tuple(array.shape), _symbols(shape), sizes)
    return xp


def check_choice(name, value, choices):
    """Raise a ValueError that lists the choices unless `value` is one of them."""
    if value not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}."
        )


def _is_left_out(value):
    return type(value) is float and value == 0.0  # NumPy's float64 is a float, and an array


def _library(name, array):
    if not is_array_api_obj(array):
        raise TypeError(
            f"{name} must be an array (a NumPy array or a torch tensor), "
            f"got {type(array).__name__}."
        )
    return array_namespace(array)


def _check_dtype(name, array, xp):
    if not xp.isdtype(array.dtype, "real floating"):
        raise TypeError(f"{name} must hold real floating-point numbers, got {array.dtype}.")


def _type_name(array):
    return f"{type(array).__module__}.{type(array).__name__}"


def _check_shape(name, actual, symbols, sizes):
    """Compare one shape with its symbols; a letter seen for the first time gets its size.

    `sizes` maps a letter to (size, name of the argument that fixed it), "..." likewise to
    the leading axes.
    """
    leading = symbols[0] == "..."
    own = symbols[1:] if leading else symbols
    cut = max(len(actual) - len(own), 0) if leading else 0
    if leading:
        sizes.setdefault("...", (actual[:cut], name))
    # A letter alone is the usual case, and this function the one that all others call.
    if (
        len(own) == len(actual) - cut
        and all(
            symbol in sizes and sizes[symbol][0] == size
            for symbol, size in zip(own, actual[cut:], strict=True)
        )
        and (not leading or actual[:cut] == sizes["..."][0])
    ):
        return
    for symbol, size in zip(own, actual[cut:], strict=False):
        _solve(symbol, size, name, sizes)
    expected = tuple(_size(symbol, sizes) for symbol in own)
    if leading:
        expected = sizes["..."][0] + expected
    if actual != expected:
        letters = ["..."] * leading + [letter for s in own for _, letter in _terms(s)]
        sources = sorted({sizes[a][1] for a in letters if a in sizes} - {name})
        because = f" to fit {' and '.join(sources)}" if sources else ""
        raise ValueError(
            f"{name} must have shape ({', '.join(symbols)}) = "
            f"({', '.join(map(str, expected))}){because}, got {actual}."
        )


@cache
def _symbols(shape):
    return shape.split()


@cache
def _terms(symbol):
    """'4H' is [(4, 'H')], 'H+I' is [(1, 'H'), (1, 'I')]."""
    return [
        (int(factor or 1), letter) for factor, letter in re.findall(r"(\d*)([A-Z])", symbol)
    ]


def _solve(symbol, size, name, sizes):
    """Give the one letter of the symbol that has no size yet the size that makes it true."""
    unknown = [(factor, letter) for factor, letter in _terms(symbol) if letter not in sizes]
    if len(unknown) == 1:
        factor, letter = unknown[0]
        known = sum(f * sizes[a][0] for f, a in _terms(symbol) if a in sizes)
        if size >= known and (size - known) % factor == 0:
            sizes[letter] = ((size - known) // factor, name)


def _size(symbol, sizes):
    """The number that the symbol stands for, or the symbol itself where a letter is open."""
    if any(letter not in sizes for _, letter in _terms(symbol)):
        return symbol
    return sum(factor * sizes[letter][0] for factor, letter in _terms(symbol))
