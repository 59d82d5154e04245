"""A device that is not the CPU, on a machine that has no other.

    DEVICES = ["cpu", standin.register()]
    torch.ones(2, device="standin") + torch.ones(2)  # RuntimeError, as on a GPU

Its tensors lie in the CPU's memory and the CPU computes, so that numbers and gradients are the
CPU's. Only the device has another name, and what torch refuses on a GPU it refuses here: a
tensor of the CPU among them, `.numpy()`, a generator of the CPU.

torch lets one more backend be added. An operation on its tensors comes to `_compute`, unless
torch puts it together from others that do; there the arguments are relabelled as the CPU's, the
CPU computes, and the results are relabelled. The way from one label to another on the same
memory is DLPack, in which array libraries hand tensors to each other: there, a device is a
number.
"""

import ctypes
from functools import cache
from typing import ClassVar
from weakref import WeakValueDictionary

import torch
from torch._C import DispatchKey, DispatchKeySet
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "standin"

# They only say how memory is read: torch's own code for the CPU does for any device.
_VIEWS = [
    "_reshape_alias",
    "as_strided",
    "resize_",
    "set_",
    "set_.source_Storage",
    "set_.source_Storage_storage_offset",
    "set_.source_Tensor",
    "unfold",
    "view",
    "view_as_complex",
    "view_as_real",
]
# On another device than the CPU, torch computes these with kernels that the CPU has not.
_LAYERS = ["gru.data", "gru.input", "gru_cell", "lstm.data", "lstm.input", "lstm_cell"]

_CPU, _STANDIN = 1, 12  # the numbers of the devices in DLPack: kDLCPU, kDLExtDev
_AS_CPU = DispatchKeySet(DispatchKey.CPU)
_EXACT = {float: torch.float64}  # a number is not to lose digits on its way
_ARRAYS = ("index", "indices", "out")  # here a single number too must lie on the device


@cache
def register() -> str:
    """Make the device known to torch, until the process ends, and return its name.

    A test turns it on by handing the name on, wherever a device is named:

        check.use_devices("cpu", standin.register())

    A process that has computed gradients since then can no longer fork into one that computes
    gradients, as is so with a GPU.
    """
    _setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    _library("_").fallback(_compute, "PrivateUse1")
    aten = _library("aten")
    aten.impl("_copy_from", _copy, "PrivateUse1")
    aten.impl("empty.memory_format", _empty, "PrivateUse1")
    aten.impl("empty_strided", _empty_strided, "PrivateUse1")
    for name in _VIEWS:
        aten.impl(name, _view(_operation(name)), "PrivateUse1", with_keyset=True)
    for name in _LAYERS:
        for key in ("PrivateUse1", "AutogradPrivateUse1"):
            aten.impl(name, _layer(_operation(name)), key)
    torch.serialization.register_package(0, _where_saved, _restore)
    return NAME


class Generator(torch.Generator):
    """A generator of random numbers on the stand-in, for `torch.Generator("standin")`."""

    _all: ClassVar = WeakValueDictionary()

    def __init__(self):
        super().__init__()
        self._all[self._cdata] = self


class _Module:
    """`torch.standin`, which torch asks about the device."""

    def is_available(self):
        return True

    def is_initialized(self):
        return True

    def device_count(self):
        return 1

    def current_device(self):
        return 0

    def manual_seed_all(self, seed):
        """Nothing to do: without a generator the CPU's draws, and that one is seeded."""

    def _is_in_bad_fork(self):
        return False


@cache
def _library(namespace):
    """What holds registrations, which end when it does."""
    return torch.library.Library(namespace, "IMPL")


def _operation(name):
    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


def _compute(operation, *args, **options):
    """Any operation: relabel, compute, relabel."""
    given = _by_name(operation, args, options)
    hosts, pairs, outs, foreign = {}, {}, [], []

    def to_cpu(tensor):
        if tensor.is_cpu:
            foreign.append(tensor)
            return tensor
        host = _relabel(tensor, _CPU)
        pairs[id(host)] = host, tensor
        return host

    def back(result):
        return pairs[id(result)][1] if id(result) in pairs else _relabel(result, _STANDIN)

    for name, is_tensor, is_out in _parameters(operation):
        if name not in given:
            continue
        value = hosts[name] = given[name]
        if is_out:
            hosts[name] = host = torch.empty(0, dtype=value.dtype)  # it will be given its size
            pairs[id(host)] = host, value
            (foreign if value.is_cpu else outs).append((host, value))
        elif is_tensor and isinstance(value, int | float):
            hosts[name] = torch.tensor(value, dtype=_EXACT.get(type(value)))
        elif isinstance(value, torch.device):
            hosts[name] = torch.device("cpu")
        else:
            hosts[name] = _map(to_cpu, value)
    if foreign:
        _check_devices(operation, given)
    _check_generator(**given)
    results = operation(**hosts)
    for host, out in outs:
        if host.shape == out.shape:
            _relabel(out, _CPU).copy_(host)
        else:
            set_to = _operation("set_.source_Tensor")
            set_to.redispatch(_AS_CPU, out, _relabel(host, _STANDIN))
    return _map(back, results)


def _empty(size, **options):
    return _relabel(torch.empty(size, dtype=options.get("dtype")), _STANDIN)


def _empty_strided(size, stride, **options):
    return _relabel(torch.empty_strided(size, stride, dtype=options.get("dtype")), _STANDIN)


def _copy(source, target, non_blocking=False):
    """The one operation between devices."""
    _host(target).copy_(_host(source))
    return target


def _view(operation):
    return lambda keys, *args, **options: operation.redispatch(_AS_CPU, *args, **options)


def _layer(operation):
    """Move to the CPU, compute and move back; the gradients take the same way."""

    def layer(*args):
        _check_devices(operation, _by_name(operation, args, {}))
        results = operation(*_map(lambda tensor: tensor.to("cpu"), args))
        return _map(lambda tensor: tensor.to(NAME), results)

    return layer


def _check_devices(operation, given):
    """Refuse what a GPU refuses beside its own tensors."""
    for name, value in given.items():
        several = isinstance(value, list | tuple)
        for tensor in value if several else [value]:
            if not isinstance(tensor, torch.Tensor) or tensor.device.type == NAME:
                continue
            if tensor.ndim == 0 and not several and name not in _ARRAYS:
                continue  # it is like a Python number
            if name == "batch_sizes":
                continue  # those of a PackedSequence are always on the CPU
            if name == "indices" and several and given["self"].device.type == NAME:
                continue  # x[i] moves i
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but got {name} is on "
                f"{tensor.device}, different from other tensors on {NAME}:0 "
                f"(when checking argument in method {operation})"
            )


def _check_generator(generator=None, **others):
    if generator is not None and generator._cdata not in Generator._all:
        raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")


@cache
def _parameters(operation):
    """Of each parameter its name, whether it is one tensor, and whether it is an output."""
    return [(a.name, str(a.type) == "Tensor", a.is_out) for a in operation._schema.arguments]


def _by_name(operation, args, options):
    names = (name for name, *_ in _parameters(operation))
    return dict(zip(names, args, strict=False)) | options


def _map(function, value):
    """`value`, with each tensor in it replaced."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)([_map(function, member) for member in value])
    return value


def _host(tensor):
    """The same memory as a tensor of the CPU."""
    return _relabel(tensor, _CPU) if tensor.device.type == NAME else tensor


def _relabel(tensor, device):
    """The same memory as a tensor of another device."""
    capsule = torch._C._to_dlpack(tensor)
    _Int32(_pointer(capsule, b"dltensor") + _AFTER_THE_DATA).value = device
    return torch._C._from_dlpack(capsule)


_AFTER_THE_DATA = ctypes.sizeof(ctypes.c_void_p)
_Int32 = ctypes.c_int32.from_address
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def _where_saved(storage):
    return NAME if storage.device.type == NAME else None


def _restore(storage, location):
    """For `torch.load`."""
    if location.startswith(NAME):
        host = torch.empty(0, dtype=torch.uint8).set_(storage)
        return _relabel(host, _STANDIN).untyped_storage()
    return None
