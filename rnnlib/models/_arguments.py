"""What the models ask of their arguments, each told in one sentence."""

from numbers import Real

import torch


def check_whole(name, value, least=1):
    """A whole number of at least `least`."""
    if not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")


def check_number(name, value, least=0):
    """A number of at least `least`; NaN is none."""
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}.")
    if not least <= value < float("inf"):
        raise ValueError(f"{name} must be a number of at least {least}, got {value!r}.")


def check_tokens(name, tokens, size):
    """Tokens (T, B), int64, each from 0 to size - 1."""
    _check_tensor(name, tokens)
    _check_int64(name, tokens)
    if tokens.ndim != 2 or 0 in tokens.shape:
        raise ValueError(
            f"{name} must have shape (T, B) with at least one step of one sequence, "
            f"got {tuple(tokens.shape)}."
        )
    check_range(name, tokens, 0, size - 1)


def check_frames(name, xs, size, like):
    """Frames (T, B, size) in the dtype of the weights `like`."""
    _check_tensor(name, xs)
    if xs.ndim != 3 or xs.shape[-1] != size or 0 in xs.shape:
        raise ValueError(
            f"{name} must have shape (T, B, {size}) with at least one step of one sequence, "
            f"got {tuple(xs.shape)}."
        )
    if xs.dtype != like.dtype:
        raise TypeError(
            f"{name} must have the dtype of the weights, {like.dtype}, got {xs.dtype}."
        )


def check_lengths(name, lengths, T, B, least=1):
    """Lengths (B,), int64, each from `least` to T."""
    _check_tensor(name, lengths)
    _check_int64(name, lengths)
    if tuple(lengths.shape) != (B,):
        raise ValueError(
            f"{name} must have shape (B,) = ({B},), a length per sequence, "
            f"got {tuple(lengths.shape)}."
        )
    check_range(name, lengths, least, T)


def check_range(name, numbers, low, high):
    """Whole numbers from low to high, both included."""
    smallest, largest = (int(n) for n in numbers.aminmax())
    if smallest < low or largest > high:
        wrong = smallest if smallest < low else largest
        raise ValueError(f"{name} must lie in {low} … {high}, got {wrong}.")


def check_shape(name, tensor, letters, want):
    """A tensor of the shape `want`, written as `letters`."""
    _check_tensor(name, tensor)
    if tuple(tensor.shape) != tuple(want):
        raise ValueError(
            f"{name} must have shape ({letters}) = {tuple(want)}, got {tuple(tensor.shape)}."
        )


def _check_tensor(name, value):
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(value).__name__}.")


def _check_int64(name, tensor):
    if tensor.dtype != torch.int64:
        raise TypeError(f"{name} must hold whole numbers, torch.int64, got {tensor.dtype}.")
