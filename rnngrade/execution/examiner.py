"""The examiner's process: it runs the instructor's test cells and never the student's code.

The names that a test takes from the student are proxies here. A call goes to the student's
process as plain values, and plain values come back; gradients pass through it as through any
function of torch.
"""

import builtins
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from rnngrade.check import ChangedArgument, Forbidden
from rnngrade.checks import cases
from rnngrade.execution.channel import Channel, WireError
from rnngrade.execution.shell import SHELL, first_line, summary
from rnngrade.execution.wire import MAX_DEPTH, MAX_NODES, Decoder, Encoder
from rnngrade.exercise.names import names_taken
from rnngrade.messages import Message, Told, message, use_language

# What a student's code may raise here. StopIteration and its like would end a loop of ours.
ERRORS = {"Forbidden": Forbidden} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type)
    and issubclass(
        kind,
        ArithmeticError
        | AssertionError
        | AttributeError
        | LookupError
        | NameError
        | NotImplementedError
        | RuntimeError
        | TypeError
        | ValueError,
    )
    and not issubclass(kind, UnicodeError)
}
MAX_STEPS = 20_000  # of a generator
GRACE_SECONDS = 2


class Unusable(Told):
    """What came from the student's process is nothing that a test could use."""


class OutOfTime(Told, TimeoutError):
    """A call ran too long."""


class NoAnswer(Told, ConnectionError):
    """The student's process has ended, or said something that no honest one says."""


class NoValue(Told, TypeError):
    """A test took an object of the student's for a value."""


class Raised(Exception):
    """An exception of the student's whose kind is not Python's own; a class by its name."""

    is_students = True


@dataclass(frozen=True)
class Answer:
    """What one of many calls gave: a value, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None


def serve(
    sock: socket.socket,
    seed: str,
    cuda: bool,
    call_seconds: float,
    message_bytes: int,
    total_bytes: int,
    language: str,
) -> None:
    """Run test cells until the connection closes.

    Args:
        sock: the connection to the grader, which first sends the one to the student.
        seed: of this student's random cases, hexadecimal.
        cuda: whether functions are tested on a GPU too, where there is one.
        call_seconds, message_bytes, total_bytes: of the unit's `Limits`.
        language: in which tests put sentences into words, should they show any.
    """
    _, (student, *_), *_ = socket.recv_fds(sock, 1, 1)
    channel = Channel(socket.socket(fileno=student), message_bytes, total_bytes)
    use_language(language)
    cases.use_key(seed)
    if cuda and torch.cuda.is_available():
        cases.use_devices("cpu", "cuda")
    torch.manual_seed(int(seed, 16) % 2**63)
    Examiner(Channel(sock), Connection(channel, call_seconds)).serve()


class Examiner:
    """Runs cells in one namespace, as a kernel does."""

    def __init__(self, grader: Channel, student: "Connection"):
        self._grader, self._student = grader, student
        SHELL.reset(new_session=False)
        # What fails is told by a message; to show it would take 50 ms.
        SHELL.showtraceback = SHELL.showsyntaxerror = lambda *_, **__: None

    def serve(self) -> None:
        """Run one cell after another."""
        while True:
            head, _ = self._grader.receive()
            names = []
            with contextlib.suppress(SyntaxError):  # the shell will tell
                names = sorted(names_taken(head["source"]) & set(head["exports"]))
            self._student.begin(head["seconds"])
            for name in names:
                SHELL.user_ns.pop(name, None)
            found, unfit = self._student.names(names)
            SHELL.user_ns.update(found)
            outputs, error = SHELL.run(head["source"], head["limit"])
            self._grader.send(
                {
                    "outputs": outputs,
                    "failed": error and self._failure(error, names, unfit).plain(),
                    "lacking": self._student.lacking,
                    "gone": self._student.gone and self._student.gone.plain(),
                }
            )

    def _failure(self, error, names, unfit):
        """What a failed test says."""
        if isinstance(error, Told):
            return error.message
        missing = getattr(error, "name", None)
        if isinstance(error, NameError) and missing in unfit:
            why = message("execution.unfit", kind=unfit[missing])
            return message("execution.missing-because", name=missing, why=why)
        if isinstance(error, NameError) and missing in names:
            return message("execution.missing", name=missing)
        if getattr(error, "is_students", False):
            return message("execution.raised", what=summary(error))
        if not isinstance(error, AssertionError):
            return message("execution.test-raised", what=summary(error))
        said = first_line(error, longest=2000)
        return (
            message("execution.assertion", said=said) if said else message("execution.failed")
        )


class Connection:
    """The connection to the student's process.

    `gone` says why it answers no more, or is None; `lacking` is the name without which a call
    in the present cell failed, or None.
    """

    def __init__(self, channel: Channel, call_seconds: float):
        self._channel, self._call_seconds = channel, call_seconds
        self._batch_bytes = channel.message_bytes // 4
        self._callbacks: list[Callable] = []
        self._calls = 0
        self._until = 0.0
        self.gone: Message | None = None
        self.lacking: str | None = None

    def begin(self, seconds: float) -> None:
        """A cell begins, which must be done in so many seconds."""
        self._until, self.lacking = time.monotonic() + seconds, None

    def names(self, names: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
        """What the student's names stand for: plain values, or proxies.

        Returns:
            What there is, by name; and the kind of what is there and no test could take.
        """
        found, unfit = {}, {}
        with contextlib.suppress(Exception):  # whatever comes instead of an answer
            reply, payload = self.ask({"op": "names", "names": names})
            decoder = Decoder(payload, self.proxy)
            for name in reply.keys() & set(names):
                if isinstance(reply[name], dict) and "unfit" in reply[name]:
                    unfit[name] = str(reply[name]["unfit"])[:80]
                    continue
                with contextlib.suppress(WireError):
                    found[name] = decoder(reply[name])
        return found, unfit

    def ask(
        self, request: dict[str, Any], payload: bytes | bytearray = b""
    ) -> tuple[dict[str, Any], bytearray]:
        """Send a request; the answer, or the student's exception."""
        seconds = self._send(request, payload)
        reply, received = self._receive()
        if "error" in reply:
            raise self._exception(reply["error"], seconds)
        return reply, received

    def _send(self, request, payload):
        """Send a request; the seconds that each call in it has."""
        if self.gone:
            raise NoAnswer(self.gone)
        left = max(self._until - time.monotonic(), 0.01)
        seconds = min(self._call_seconds, left)
        with self._watching():
            request = {**request, "seconds": seconds, "left": left}
            self._channel.send(request, payload, seconds)
        return seconds

    def _receive(self):
        """The next answer; what the student's code calls in the meantime is called."""
        # It has a moment to interrupt itself; one that does not is not asked again.
        end = min(time.monotonic() + self._call_seconds, self._until) + GRACE_SECONDS
        with self._watching():
            while True:
                reply, payload = self._channel.receive(end - time.monotonic())
                if "callback" not in reply:
                    return reply, payload
                self._answer(reply, payload, end - time.monotonic())

    @contextlib.contextmanager
    def _watching(self):
        try:
            yield
        except WireError as error:
            self.gone = error.message
            raise NoAnswer(self.gone) from None

    def call(
        self,
        number: int,
        arguments: Sequence[Any],
        keywords: dict[str, Any],
        attribute: str | None = None,
        module: torch.nn.Module | None = None,
        changes: bool = False,
    ) -> Any:
        """Call what has this number, with gradients if an argument asks for them."""
        encoder = Encoder(self._tell)
        state = module and {**dict(module.named_parameters()), **dict(module.named_buffers())}
        request = {
            "op": "call",
            "call": self._calls,
            "object": number,
            "attribute": attribute,
            "args": encoder(list(arguments)),
            "kwargs": encoder(keywords),
            "state": encoder(state),
            "training": bool(module and module.training),
            "seed": _draw_seed(),
        }
        inputs = [tensor for tensor in encoder.tensors if tensor.requires_grad]
        request["grad"] = torch.is_grad_enabled() and bool(inputs)
        call, self._calls = self._calls, self._calls + 1
        reply, payload = self.ask(request, encoder.payload)

        def wrap(tensor, index, grad):
            if not (request["grad"] and grad):
                return tensor
            return _Through.apply(self, call, index, tensor, *inputs)

        value = self._decode(Decoder(payload, self.proxy, wrap=wrap), reply.get("value"))
        self._take_changes(reply, Decoder(payload), arguments, changes)
        return value

    def call_all(
        self, number: int, many: Sequence[Sequence[Any]], changes: bool = False
    ) -> list[Answer]:
        """Call what has this number with each of these arguments, in few crossings."""
        if torch.is_grad_enabled() and any(_wants_gradients(arguments) for arguments in many):
            return [
                _answer(self.call, number, arguments, {}, changes=changes) for arguments in many
            ]
        answers: list[Answer] = []
        for calls, payload in self._batches(many):
            answers += self._call_batch(number, calls, payload, many[len(answers) :], changes)
            if isinstance(answers[-1].error, OutOfTime | NoAnswer):
                answers += answers[-1:] * (len(many) - len(answers))
                break
        return answers

    def _batches(self, many):
        """The calls as requests that are not too large, each with its arrays."""
        encoder, calls = Encoder(self._tell), []
        for arguments in many:
            calls.append({"args": encoder(list(arguments)), "seed": _draw_seed()})
            if len(encoder.payload) > self._batch_bytes or encoder.nodes > MAX_NODES // 2:
                yield calls, encoder.payload
                encoder, calls = Encoder(self._tell), []
        if calls:
            yield calls, encoder.payload

    def _call_batch(self, number, calls, payload, many, changes):
        """The answers to one request: all, or up to one after which there is none."""
        request = {"op": "calls", "object": number, "calls": calls, "bytes": self._batch_bytes}
        answers: list[Answer] = []
        try:
            seconds = self._send(request, payload)
            while len(answers) < len(calls):
                reply, payload = self._receive()
                if "error" in reply:
                    raise self._exception(reply["error"], seconds)
                replies = reply.get("answers")
                lacking = len(calls) - len(answers)
                with self._watching():
                    if not isinstance(replies, list) or not 0 < len(replies) <= lacking:
                        raise WireError("execution.malformed")
                decoder = Decoder(payload, self.proxy)
                for told in replies:
                    arguments = many[len(answers)]
                    answers.append(
                        _answer(self._value, told, decoder, arguments, changes, seconds)
                    )
                    if isinstance(answers[-1].error, OutOfTime):
                        return answers
        except Exception as error:
            answers += [Answer(error=error)] * (len(calls) - len(answers))
        return answers

    def _value(self, told, decoder, arguments, changes, seconds):
        """What one of many calls gave."""
        if not isinstance(told, dict):
            raise Unusable("execution.malformed")
        if "error" in told:
            raise self._exception(told["error"], seconds)
        value = self._decode(decoder, told.get("value"))
        self._take_changes(told, decoder, arguments, changes)
        return value

    def products(self, call: int, output: int, cotangent: torch.Tensor) -> Any:
        """The product of a cotangent with the Jacobian of one output of a call."""
        encoder = Encoder()
        tree = encoder(cotangent)
        request = {"op": "products", "call": call, "output": output, "cotangent": tree}
        reply, payload = self.ask(request, encoder.payload)
        return self._decode(Decoder(payload), reply.get("value"))

    def next(self, number: int) -> Any:
        """The next member of an iterator."""
        reply, payload = self.ask({"op": "next", "object": number})
        if reply.get("end"):
            raise StopIteration
        return self._decode(Decoder(payload, self.proxy), reply.get("value"))

    def proxy(self, node: dict[str, Any], decoder: Decoder) -> Any:
        """What stands here for an object that stays with the student."""
        number, kind, name = node["object"], node["kind"], node["name"]
        if type(number) is not int or type(name) is not str:
            raise WireError("execution.malformed")
        if kind == "module":
            return RemoteModule(self, number, name, node, decoder(node["state"]))
        return {"iterator": RemoteIterator}.get(kind, Remote)(self, number, name)

    def _decode(self, decoder, tree):
        try:
            return decoder(tree)
        except WireError as error:
            raise Unusable(error.message) from None

    def _exception(self, error, seconds):
        """The exception that a call raised there, as one of ours."""
        if not isinstance(error, list) or len(error) != 3:
            return Unusable("execution.malformed")
        name, said, lacking = (str(part)[:2000] for part in error)
        if error[2] is not None:
            self.lacking = lacking[:80]
        if name == "OutOfTime":
            return OutOfTime("execution.call-too-long", seconds=round(seconds, 1))
        if name in ERRORS:
            made: Any = ERRORS[name](said)  # of a class that knows nothing of students
            made.is_students = True
            return made
        name = name[:80] if name.isidentifier() else "Exception"
        return type(name, (Raised,), {})(said)

    def _take_changes(self, reply, decoder, arguments, wanted):
        """A function whose name ends in _ changes its arguments; no other may."""
        for position, tree in reply.get("changed") or []:
            if not wanted:
                raise ChangedArgument(position)
            _overwrite(arguments[position], self._decode(decoder, tree))

    def _tell(self, value, encoder):
        if isinstance(value, Remote | RemoteIterator):
            return {"object": value._number}
        if callable(value):
            self._callbacks.append(value)
            return {"callback": len(self._callbacks) - 1}
        raise WireError("execution.not-plain", kind=type(value).__name__)

    def _answer(self, request, payload, seconds):
        encoder = Encoder()
        try:
            function = self._callbacks[request["callback"]]
            answer = {"value": encoder(function(*Decoder(payload)(request["args"])))}
        except Exception:
            answer = {"error": True}
        self._channel.send(answer, encoder.payload, seconds)


class _Through(torch.autograd.Function):
    """A tensor that came back from the student, as a function of those that went there."""

    @staticmethod
    def forward(ctx, student, call, output, tensor, *inputs):
        ctx.asked = student, call, output
        ctx.like = [(tensor.shape, tensor.dtype) for tensor in inputs]
        return tensor.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, cotangent):
        student, call, output = ctx.asked
        gradients = student.products(call, output, cotangent)
        if not isinstance(gradients, list) or len(gradients) != len(ctx.like):
            raise Unusable("execution.no-gradient")
        for gradient, like in zip(gradients, ctx.like, strict=True):
            if gradient is not None and (gradient.shape, gradient.dtype) != like:
                raise Unusable("execution.other-gradient")
        return None, None, None, None, *gradients


class Remote:
    """A function, a class or another object that stays with the student.

    It has neither truth value nor equality: a test that asks for one is wrong.
    """

    def __init__(self, student: Connection, number: int, name: str):
        self._student, self._number, self.__name__ = student, number, name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it there."""
        changes = self.__name__.endswith("_")
        return self._student.call(self._number, arguments, keywords, changes=changes)

    def call_all(self, many: Sequence[Sequence[Any]]) -> list[Answer]:
        """Call it there with each of these tuples of arguments: sent together, each call with
        its own time and its own seed, and what fails costs no other.

        Where the student's process stops or ends, the answers that are lacking are that.
        """
        return self._student.call_all(self._number, many, changes=self.__name__.endswith("_"))

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return RemoteMethod(self._student, self._number, name)

    def __bool__(self):
        raise NoValue("execution.no-truth", name=self.__name__)

    def __eq__(self, other):
        raise NoValue("execution.no-equality", name=self.__name__)


class RemoteMethod:
    """A method of an object that stays with the student."""

    def __init__(self, student: Connection, number: int, name: str):
        self._student, self._number, self.__name__ = student, number, name

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it there."""
        changes = self.__name__.endswith("_")
        return self._student.call(
            self._number, arguments, keywords, attribute=self.__name__, changes=changes
        )


class RemoteIterator:
    """A generator that runs with the student."""

    def __init__(self, student: Connection, number: int, name: str):
        self._student, self._number, self.__name__, self._steps = student, number, name, 0

    def __iter__(self):
        return self

    def __next__(self):
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Unusable("execution.endless", name=self.__name__)
        return self._student.next(self._number)


class RemoteModule(torch.nn.Module):
    """A module of the student's: its weights are here, and its forward runs there."""

    def __init__(
        self,
        student: Connection,
        number: int,
        name: str,
        node: dict[str, Any],
        state: dict[str, torch.Tensor],
    ):
        super().__init__()
        self._student, self._number, self.__name__ = student, number, name
        parameters = set(node["parameters"])
        for path, tensor in state.items():
            if path.count(".") > MAX_DEPTH:
                raise WireError("execution.value-too-large")
            *folders, leaf = path.split(".")
            module: torch.nn.Module = self
            for folder in folders:
                if folder not in dict(module.named_children()):
                    module.add_module(folder, torch.nn.Module())
                module = module.get_submodule(folder)
            if path in parameters:
                module.register_parameter(leaf, torch.nn.Parameter(tensor.clone()))
            else:
                module.register_buffer(leaf, tensor)
        self.train(node["training"] is True)

    def forward(self, *arguments: Any, **keywords: Any) -> Any:
        """Send the weights along, so that they may be changed and differentiated here."""
        return self._student.call(self._number, arguments, keywords, module=self)


def _answer(function, *arguments, **keywords):
    try:
        return Answer(function(*arguments, **keywords))
    except Exception as error:
        return Answer(error=error)


def _wants_gradients(value):
    if isinstance(value, list | tuple):
        return any(map(_wants_gradients, value))
    return isinstance(value, torch.Tensor) and value.requires_grad


def _draw_seed():
    """A seed for the student's random numbers, from ours: seeding a test seeds both."""
    return int(torch.rand(()).item() * (1 << 24))


def _overwrite(old, new):
    if isinstance(old, torch.Tensor):
        if not isinstance(new, torch.Tensor) or new.shape != old.shape:
            raise Unusable("execution.other-argument")
        with torch.no_grad():
            old.copy_(new)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for mine, theirs in zip(old, new, strict=True):
            _overwrite(mine, theirs)
    elif type(old) is not type(new) or old != new:
        raise Unusable("execution.other-argument")
