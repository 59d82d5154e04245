"""What passes between the examiner and the student's process: plain values, never pickle."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rnngrade.execution.channel import WireError

MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_DIMENSIONS = 8
NUMBERS = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
DTYPES = {name: getattr(torch, name) for name in [*NUMBERS, "bfloat16"]}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Encoder:
    """Turns values into a JSON tree and the bytes of their arrays.

    Args:
        other: called with a value that is not plain, and with this encoder; returns what
            stands for the value in the tree.
    """

    def __init__(self, other: Callable[[Any, "Encoder"], Any] | None = None):
        self.payload, self._other, self.nodes = bytearray(), other, 0
        self.tensors: list[torch.Tensor] = []

    def __call__(self, value: Any, depth: int = 0) -> Any:
        """The tree of one value; its tensors are remembered in order.

        Raises:
            WireError: the value is too deep, too large, or not plain.
        """
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("execution.value-too-large")
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        if isinstance(value, torch.dtype) and value in NAMES:
            return {"dtype": NAMES[value]}
        if isinstance(value, torch.device):
            return {"device": str(value)}
        if isinstance(value, dict):
            pairs = [[self(k, depth + 1), self(v, depth + 1)] for k, v in value.items()]
            return {"dict": pairs}
        for kind in (list, tuple):  # a named tuple or a torch.Size is a tuple
            if isinstance(value, kind):
                return {kind.__name__: [self(member, depth + 1) for member in value]}
        if self._other:
            return self._other(value, self)
        raise WireError("execution.not-plain", kind=type(value).__name__[:80])

    def _tensor(self, value: torch.Tensor):
        if value.layout != torch.strided or value.dtype not in NAMES or value.is_meta:
            raise WireError(
                "execution.not-plain", kind=f"Tensor({value.dtype}, {value.layout})"
            )
        self.tensors.append(value)
        plain = value.detach().cpu().resolve_conj().resolve_neg()
        if plain.dtype == torch.bfloat16:  # NumPy has none
            plain = plain.contiguous().view(torch.int16)
        offset = self._put(plain.numpy().tobytes())
        return {
            "tensor": [NAMES[value.dtype], list(value.shape), offset],
            "device": value.device.type,
            "grad": value.requires_grad,
            "dense": value.is_contiguous(),
        }

    def _array(self, value):
        if value.dtype.name not in NUMBERS:
            raise WireError("execution.not-plain", kind=f"ndarray({value.dtype})"[:80])
        offset = self._put(value.tobytes())
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {kind: [value.dtype.name, list(value.shape), offset]}

    def _put(self, data):
        offset = len(self.payload)
        self.payload += data
        return offset


class Decoder:
    """Turns a JSON tree back into values of exactly the plain types.

    Args:
        payload: the bytes of the arrays.
        other: called with a node that is no plain value, and with this decoder; returns what
            it stands for.
        grad: whether tensors that asked for gradients are leaves that ask again.
        wrap: called with each tensor, its number and whether it asked for gradients; returns
            what takes its place.
    """

    def __init__(
        self,
        payload: bytes | bytearray,
        other: Callable[[dict[str, Any], "Decoder"], Any] | None = None,
        grad: bool = False,
        wrap: Callable[[torch.Tensor, int, bool], torch.Tensor] | None = None,
    ):
        self.tensors: list[torch.Tensor] = []
        self.nodes = 0
        self._payload, self._other, self._grad, self._wrap = payload, other, grad, wrap
        self._left = len(payload)  # each array has bytes of its own

    def __call__(self, node: Any, depth: int = 0) -> Any:
        """The value of one tree; its tensors are remembered in order.

        Raises:
            WireError: the tree is malformed.
        """
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            raise WireError("execution.value-too-large")
        if not isinstance(node, dict):
            if isinstance(node, list):
                raise WireError("execution.malformed")
            return node
        try:
            return self._value(node, depth + 1)
        except (
            LookupError,
            TypeError,
            ValueError,
            AttributeError,
            RuntimeError,
            OverflowError,
        ):
            raise WireError("execution.malformed") from None

    def _value(self, node, depth):
        if "tensor" in node:
            return self._tensor(node)
        if "array" in node:
            return self._array(*node["array"])
        if "number" in node:
            return self._array(*node["number"])[()]
        if "list" in node:
            return [self(member, depth) for member in _list(node["list"])]
        if "tuple" in node:
            return tuple(self(member, depth) for member in _list(node["tuple"]))
        if "dict" in node:
            return {self(k, depth): self(v, depth) for k, v in _list(node["dict"])}
        if "dtype" in node:
            return DTYPES[node["dtype"]]
        if "device" in node:
            return torch.device(node["device"])
        if self._other:
            return self._other(node, self)
        raise WireError("execution.malformed")

    def _tensor(self, node):
        name, shape, offset = node["tensor"]
        if name == "bfloat16":
            tensor = torch.from_numpy(self._array("int16", shape, offset)).view(torch.bfloat16)
        else:
            tensor = torch.from_numpy(self._array(name, shape, offset))
        if node["device"] not in ("cpu", "cuda"):
            raise WireError("execution.malformed")
        if node["device"] != "cpu":
            tensor = tensor.to(node["device"])
        if not node["dense"] and tensor.ndim > 1:
            # The same numbers, but not in a row: code that asks for it must fail here too.
            tensor = tensor.transpose(0, -1).contiguous().transpose(0, -1)
        if self._grad and node["grad"] is True:
            tensor.requires_grad_()
        if self._wrap:
            tensor = self._wrap(tensor, len(self.tensors), node["grad"] is True)
        self.tensors.append(tensor)
        return tensor

    def _array(self, name, shape, offset):
        if name not in NUMBERS:
            raise WireError("execution.malformed")
        if len(_list(shape)) > MAX_DIMENSIONS or not all(0 <= n < 1 << 31 for n in shape):
            raise WireError("execution.malformed")
        dtype, count = np.dtype(name), math.prod(shape)
        self._left -= count * dtype.itemsize
        if self._left < 0:
            raise WireError("execution.malformed")
        # NumPy refuses to read outside of the payload.
        if name == "bool":  # a byte that is neither 0 nor 1 is no truth value
            numbers = np.frombuffer(self._payload, np.uint8, count, offset) != 0
        else:
            numbers = np.frombuffer(self._payload, dtype, count, offset).copy()
        return numbers.reshape(shape)


def _list(node):
    if not isinstance(node, list):
        raise WireError("execution.malformed")
    return node
