"""NumPy arrays and torch tensors: the one module of the checks that knows them apart.

A check computes with NumPy. What goes to the function under test is placed in its library
first, and what comes back is read as numbers: so a unit on NumPy needs no torch.
"""

import sys
from typing import Any

import numpy as np

LIBRARIES = ("numpy", "torch")
DTYPES = ("float32", "float64")


def library_of(value: Any) -> str | None:
    """ "numpy" or "torch" for an array of it, else None.

    Subclasses of NumPy's that compute otherwise (matrices, masked arrays) are no arrays here.
    """
    if _is_tensor(value):
        return "torch"
    return "numpy" if type(value) is np.ndarray else None


def is_array(value: Any) -> bool:
    """Whether this is an array of one of the libraries."""
    return library_of(value) is not None


def is_dense(array: Any) -> bool:
    """Whether an array holds its numbers one by one: not sparse, not without any."""
    return not _is_tensor(array) or (array.layout == _torch().strided and not array.is_meta)


def is_real(value: Any) -> bool:
    """Whether this is an array of floating-point numbers."""
    if _is_tensor(value):
        return value.is_floating_point()
    return is_array(value) and np.issubdtype(value.dtype, np.floating)


def dtype_of(array: Any) -> str:
    """The name of the kind of number, "float32" for instance."""
    return str(array.dtype).removeprefix("torch.")


def device_of(array: Any) -> str:
    """The device where it lies: "cpu", "cuda:0", …"""
    return str(array.device) if _is_tensor(array) else "cpu"


def numbers(array: Any) -> np.ndarray:
    """The same numbers as a NumPy array."""
    if not _is_tensor(array):
        return np.asarray(array)
    array = array.detach().cpu()
    if array.dtype == _torch().bfloat16:  # NumPy has none
        array = array.float()
    return array.resolve_conj().resolve_neg().numpy()


def place(values: np.ndarray, library: str, device: str = "cpu") -> Any:
    """A new array of a library with these numbers."""
    values = np.array(values)
    if library == "numpy":
        return values
    import torch  # a unit on NumPy never comes here

    return torch.from_numpy(values).to(device)


def copy(value: Any) -> Any:
    """A copy of an array; any other value as it is."""
    if _is_tensor(value):
        return value.clone()
    return value.copy() if is_array(value) else value


def _torch():
    return sys.modules.get("torch")


def _is_tensor(value):
    torch = _torch()
    return torch is not None and isinstance(value, torch.Tensor)
