"""The types that signatures name.

`Array` is a NumPy array or a torch tensor: what goes in and what comes out is of one library.
A bias may be 0.0, for none.
"""

from collections.abc import Callable
from typing import TypeVar

Array = TypeVar("Array")
Carry = TypeVar("Carry")  # what a cell carries: an array, or a tuple of arrays
Step = Callable[..., Carry]  # (x_t, carry, *params) -> carry
