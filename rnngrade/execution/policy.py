"""What a unit keeps out of the student's reach: the answers of rnnlib, torch's recurrences.

It guards against the easy way, within the student's own process. Torch's operators are
replaced below Python, where every road through Python ends; `rnnlib` is not even on the disk
that the process sees. A pure copy of the reference, typed in, is beyond any such guard.
"""

import contextlib
import ctypes
import importlib.abc
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Sequence

import torch

from rnngrade.check import Forbidden
from rnngrade.execution.refused import Refused

# Every operator that runs a recurrence, for each way torch has to reach it.
RECURRENCES = {
    "LSTM": ("lstm.input", "lstm.data", "lstm_cell", "_thnn_fused_lstm_cell"),
    "GRU": ("gru.input", "gru.data", "gru_cell", "_thnn_fused_gru_cell"),
    "RNN": (
        *("rnn_tanh.input", "rnn_tanh.data", "rnn_tanh_cell"),
        *("rnn_relu.input", "rnn_relu.data", "rnn_relu_cell"),
    ),
    "RNNBase": (
        *("mkldnn_rnn_layer", "_cudnn_rnn", "miopen_rnn"),
        *("quantized_lstm.input", "quantized_lstm.data", "quantized_lstm_cell"),
        *("quantized_gru.input", "quantized_gru.data", "quantized_gru_cell"),
        *("quantized_rnn_tanh_cell", "quantized_rnn_relu_cell"),
    ),
}
KEYS = ("CompositeImplicitAutograd", "CPU", "AutogradCPU", "CUDA", "AutogradCUDA")


def enforce(allows: Sequence[str] = (), recurrences: bool = False) -> None:
    """Put everything out of reach that the policy does not allow, until the process ends.

    Args:
        allows: the modules of rnnlib that may be imported.
        recurrences: whether torch's own RNN, LSTM and GRU may be called.
    """
    sys.meta_path.insert(0, _Finder(frozenset(allows)))
    if not recurrences:
        _replace_recurrences()


def _replace_recurrences():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells that an operator is replaced
        library = torch._C._dispatch_library("IMPL", "aten", "", __file__, 1)
        for name, operators in RECURRENCES.items():
            for operator in operators:
                for key in KEYS:
                    # This torch may not have it, or not for this device.
                    with contextlib.suppress(RuntimeError, TypeError):
                        library.impl(operator, key, _refusal(f"torch.nn.{name}"))
    # Never freed: no Python object is left that could take it back.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


class OutOfReach(Refused, Forbidden):
    """What the unit asks to write was used."""

    def __str__(self) -> str:
        """The bare name: who calls a student's function makes a sentence of it."""
        return self.message["name"]


def _refusal(name):
    def refuse(*_, **__):
        raise OutOfReach("execution.no-answers", name=name)

    return refuse


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds rnnlib: the allowed modules where they are, the others as empty shells."""

    def __init__(self, allows):
        self._allows = allows

    def find_spec(self, name, path=None, target=None):
        """Only for rnnlib and what lies below it."""
        if name.split(".")[0] != "rnnlib":
            return None
        if any(name == allowed or name.startswith(f"{allowed}.") for allowed in self._allows):
            return importlib.machinery.PathFinder.find_spec(name, path)
        spec = importlib.machinery.ModuleSpec(name, self, is_package=True)
        real = importlib.machinery.PathFinder.find_spec(name, path)
        if real and real.submodule_search_locations:  # allowed modules may lie below it
            spec.submodule_search_locations = list(real.submodule_search_locations)
        return spec

    def create_module(self, spec):
        """A module that may be imported, and whose functions refuse to be called."""
        return _Refusing(spec.name)

    def exec_module(self, module):
        """There is nothing to run."""


class _Refusing(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _refusal(f"{self.__name__}.{name}")
