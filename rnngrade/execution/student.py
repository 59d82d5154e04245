"""The student's process: it runs the student's cells and answers the examiner's calls.

Everything it says is distrusted by those who listen, so nothing here needs to be safe against
the student's code, which shares the process. It only has to be right for honest work.
"""

import os
import random
import signal
import socket
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnngrade.check import Forbidden
from rnngrade.execution import policy
from rnngrade.execution.channel import Channel, WireError
from rnngrade.execution.refused import refuse
from rnngrade.execution.shell import SHELL, OutOfTime, first_line, python_kind
from rnngrade.execution.wire import Decoder, Encoder
from rnngrade.messages import message, use_language

KEPT_GRAPHS = 64  # calls whose gradients may still be asked for
LONGEST_SILENCE = 0.1  # seconds in which answers may gather
_END = object()


def serve(
    sock: socket.socket,
    files: dict[str, str],
    allows: Sequence[str],
    recurrences: bool,
    language: str,
) -> None:
    """Answer requests until the connection closes.

    Args:
        sock: the connection to the grader and, in turn, to the examiner.
        files: the unit's data files, each name with its bytes in hexadecimal.
        allows, recurrences: of the unit's `Policy`.
        language: in which the student is told.
    """
    for name, data in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes.fromhex(data))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what a library in C writes is nobody's to read
        os.dup2(nowhere, stream)
    use_language(language)
    policy.enforce(allows, recurrences)
    _run_uncompiled()
    refuse(SHELL)
    Server(Channel(sock)).serve()


def _run_uncompiled():
    """`torch.compile` gives back what it takes: its compiler is another program."""
    os.environ["TORCH_COMPILE_DISABLE"] = "1"
    if loaded := sys.modules.get("torch._dynamo.config"):  # it has read that already
        loaded.disable = True  # type: ignore[attr-defined]


class Server:
    """Answers requests, and remembers what later ones are about."""

    def __init__(self, channel: Channel):
        self._channel = channel
        self._seconds = 0.0  # that the present request has
        signal.signal(signal.SIGALRM, self._alarm)
        self._objects: dict[int, Any] = {}  # what has been told of by number
        self._graphs: dict[
            int, tuple[list, list]
        ] = {}  # call -> (its outputs, its inputs that ask for gradients)
        self._requests = {
            "cell": self._cell,
            "names": self._names,
            "call": self._call,
            "calls": self._calls,
            "products": self._products,
            "next": self._next,
        }

    def serve(self) -> None:
        """Answer one request after another."""
        while True:
            head, received = self._channel.receive()
            answer, self._seconds = self._requests[head["op"]], head["seconds"]
            try:
                # Again every second: code that swallows the first alarm may let go later.
                signal.setitimer(signal.ITIMER_REAL, self._seconds, 1)
                try:
                    reply, payload = answer(head, received)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except BaseException as error:
                reply, payload = {"error": _told(error)}, b""
            self._channel.send(reply, payload)

    def _alarm(self, *_):
        raise OutOfTime(self._seconds)

    def _cell(self, head, payload):
        SHELL.execution_count = head["number"]
        outputs, _ = SHELL.run(head["source"], head["limit"])
        trouble = SHELL.trouble and SHELL.trouble.plain()
        return {"outputs": outputs, "trouble": trouble}, b""

    def _names(self, head, payload):
        encoder, found = Encoder(self._tell), {}
        for name in head["names"]:
            if name in SHELL.user_ns:
                try:
                    found[name] = encoder(SHELL.user_ns[name])
                except WireError:
                    found[name] = {"unfit": type(SHELL.user_ns[name]).__name__[:80]}
        return found, encoder.payload

    def _call(self, head, payload):
        decoder = Decoder(payload, self._find, grad=head["grad"])
        function = self._objects[head["object"]]
        if head["attribute"]:
            function = getattr(function, head["attribute"])
        arguments, keywords, state = (decoder(head[k]) for k in ("args", "kwargs", "state"))
        if state is not None:
            function.train(head["training"])
            function = partial(_with_state, function, state)
        encoder = Encoder(self._tell)
        with torch.set_grad_enabled(head["grad"]):
            reply = _called(function, arguments, keywords, head["seed"], encoder)
        if head["grad"]:
            self._graphs[head["call"]] = (
                list(encoder.tensors),
                [tensor for tensor in decoder.tensors if tensor.requires_grad],
            )
            self._graphs.pop(head["call"] - KEPT_GRAPHS, None)
        return reply, encoder.payload

    def _calls(self, head, payload):
        """Many calls of one function; what has gathered is sent now and then."""
        function, decoder = self._objects[head["object"]], Decoder(payload, self._find)
        end = time.monotonic() + head["left"]
        answers: list[dict[str, Any]] = []
        encoder, sent = Encoder(self._tell), time.monotonic()
        with torch.no_grad():
            for call in head["calls"]:
                is_due = time.monotonic() - sent > LONGEST_SILENCE
                if answers and (is_due or len(encoder.payload) > head["bytes"]):
                    signal.setitimer(signal.ITIMER_REAL, 0)  # a message is sent whole
                    self._channel.send({"answers": answers}, encoder.payload)
                    answers, encoder, sent = [], Encoder(self._tell), time.monotonic()
                seconds = min(head["seconds"], max(end - time.monotonic(), 0.01))
                signal.setitimer(signal.ITIMER_REAL, seconds, 1)
                try:
                    arguments = decoder(call["args"])
                    answers.append(_called(function, arguments, {}, call["seed"], encoder))
                except BaseException as error:
                    answers.append({"error": _told(error)})
                    if isinstance(error, OutOfTime):
                        break
        return {"answers": answers}, encoder.payload

    def _products(self, head, payload):
        """The product of a cotangent with the Jacobian of one output of an earlier call."""
        outputs, inputs = self._graphs[head["call"]]
        output, cotangent = outputs[head["output"]], Decoder(payload)(head["cotangent"])
        gradients = torch.autograd.grad(
            output, inputs, cotangent, allow_unused=True, retain_graph=True
        )
        encoder = Encoder()
        return {"value": encoder(list(gradients))}, encoder.payload

    def _next(self, head, payload):
        encoder = Encoder(self._tell)
        with SHELL.muted():
            member = next(self._objects[head["object"]], _END)
        if member is _END:
            return {"end": True}, b""
        return {"value": encoder(member)}, encoder.payload

    def _tell(self, value, encoder):
        """What the examiner is told of a value that stays here."""
        number = len(self._objects) + 1
        self._objects[number] = value
        name = getattr(value, "__name__", type(value).__name__)
        node = {"object": number, "name": str(name)[:80], "kind": _kind(value)}
        if node["kind"] == "module":
            node["training"] = value.training
            parameters, buffers = dict(value.named_parameters()), dict(value.named_buffers())
            node["parameters"] = sorted(parameters)
            node["state"] = encoder({**parameters, **buffers})
        return node

    def _find(self, node, decoder):
        if "callback" in node:
            return lambda *arguments: self._call_back(node["callback"], arguments)
        return self._objects[node["object"]]

    def _call_back(self, number, arguments):
        """Call a function of the examiner's, in the middle of a call of ours."""
        encoder = Encoder(self._tell)
        tree = encoder(list(arguments))
        self._channel.send({"callback": number, "args": tree}, encoder.payload)
        head, payload = self._channel.receive()
        if "error" in head:
            raise RuntimeError(str(message("execution.callback")))
        return Decoder(payload)(head["value"])


def _called(function, arguments, keywords, seed, encoder):
    """What a call gives, and which arguments it changed."""
    _seed(seed)
    before = _copy(arguments)
    with SHELL.muted():
        result = function(*arguments, **keywords)
    value = encoder(result)
    tensors = len(encoder.tensors)
    changed = [
        [position, encoder(argument)]
        for position, argument in enumerate(arguments)
        if not _same(before[position], argument)
    ]
    del encoder.tensors[tensors:]  # no gradient of an argument is asked for
    return {"value": value, "changed": changed}


def _with_state(module, state, *arguments, **keywords):
    return torch.func.functional_call(module, state, arguments, keywords)


def _told(error):
    """What the examiner is told of an exception: its kind, its text, the name that it lacks."""
    if isinstance(error, Forbidden):
        return ["Forbidden", first_line(error), None]
    if isinstance(error, OutOfTime):
        return ["OutOfTime", "", None]
    # The text of a KeyError has quotation marks around it.
    of = error.args[0] if isinstance(error, KeyError) and len(error.args) == 1 else error
    lacking = error.name if isinstance(error, NameError) else None
    return [python_kind(error), _text(of), lacking]


def _text(value):
    try:
        return str(value)[:2000]
    except Exception:
        return ""


def _kind(value):
    if isinstance(value, torch.nn.Module):
        return "module"
    if isinstance(value, type):
        return "class"
    if hasattr(value, "__next__"):
        return "iterator"
    return "function" if callable(value) else "object"


def _seed(number):
    random.seed(number)
    np.random.seed(number)
    # Not `torch.manual_seed`: for a GPU that is not in use it takes down where it was called.
    torch.default_generator.manual_seed(number)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(number)


def _copy(value):
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return [_copy(member) for member in value]
    if isinstance(value, dict):
        return {key: _copy(member) for key, member in value.items()}
    return value


def _same(copy, value):
    if isinstance(value, torch.Tensor):
        return copy.shape == value.shape and torch.equal(copy, value.detach())
    if isinstance(value, np.ndarray):
        return copy.shape == value.shape and np.array_equal(copy, value)
    if isinstance(value, list | tuple):
        return len(copy) == len(value) and all(map(_same, copy, value))
    if isinstance(value, dict):
        return copy.keys() == value.keys() and all(_same(copy[k], value[k]) for k in copy)
    return True
