"""Grade one submission: the student's cells in one process, the tests in another."""

import functools
import importlib.util
import json
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from rnngrade.execution.channel import Channel, WireError
from rnngrade.execution.job import Outcome
from rnngrade.isolation.sandbox import Box, layers
from rnngrade.isolation.visible import module_files
from rnngrade.isolation.warm import warm

# What the warm processes import before they fork; some of it only if a text has this word.
SHELL = ("rnngrade.execution.shell",)
MISTAKES = ("rnnlib", "array_api_compat.torch", "rnngrade.misconceptions")
SLOW = {
    "plot": "rnngrade.execution.pictures",
    "optim": "torch._dynamo",  # torch itself imports it with its first optimizer
}
# What the student's process needs of this package; `check` is for the student's own cells.
STUDENT = (
    *("rnngrade.execution.student", "rnngrade.execution.policy", "rnngrade.execution.shell"),
    *("rnngrade.execution.pictures", "rnngrade.execution.channel", "rnngrade.execution.wire"),
    *("rnngrade.check", "rnngrade.checks.cases", "rnngrade.checks.comparison"),
    "rnngrade.checks.verdict",
)


def execute(job):
    """Run every cell of a submission and every test of its unit.

    Args:
        job: a `Job`. Nothing else is read: neither the course nor its gradebook.

    Returns:
        An `Outcome`: the notebook with what its cells showed and what the tests said. A
        submission that runs out of time or memory, or ends its process, has an outcome too.

    Raises:
        CourseError: this machine has no sandbox, or a process cannot be started.
    """
    notebook = nbformat.reads(job.notebook, as_version=4)
    tests = {test.name: test for test in job.tests}
    with Session(job) as session:
        for number, cell in enumerate(notebook.cells, start=1):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            known = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.execution_count = number
            if known in tests and tests[known].role == "test":
                cell.source = tests[known].source
                cell.outputs = session.examine(tests[known])
            else:
                cell.outputs = session.run(cell.source, number)
        record = session.record()
    return Outcome(nbformat.writes(notebook), record)


class Session:
    """The two processes of one submission."""

    def __init__(self, job):
        self._job, self._limits = job, job.limits
        self._bytes = job.limits.output_bytes
        self._ready = set()  # the instructor's cells without points that the examiner has run
        self._ended = None  # why the student's process ended before its time
        self._times = Counter()

    def __enter__(self):
        limits = self._limits
        with self._clock("start"), ExitStack() as stack:
            # The first start of each takes seconds: side by side.
            with ThreadPoolExecutor(2) as pool:
                starts = [pool.submit(self._fork_student), pool.submit(self._fork_examiner)]
            for start in starts:
                if not start.exception():
                    stack.enter_context(closing(start.result()))
            self._student, self._examiner = (start.result() for start in starts)
            self._to_student = Channel(
                self._student.sock, limits.message_bytes, limits.total_bytes
            )
            self._to_examiner = Channel(self._examiner.sock)
            # From here on both speak to the student's process, one at a time.
            socket.send_fds(self._examiner.sock, [b"s"], [self._student.sock.fileno()])
            self._stack = stack.pop_all()
        self._start = time.monotonic()  # the time to start is not the student's
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _fork_student(self):
        policy = self._job.policy
        box = student_box(policy, self._limits, closed=self._job.sandbox)
        preload = SHELL + _slow(self._job.notebook)
        return warm("rnngrade.execution.student:serve", preload, box).fork(
            files={name: data.hex() for name, data in self._job.files.items()},
            allows=policy.allows,
            recurrences=policy.recurrences,
        )

    def _fork_examiner(self):
        tests = "".join(test.source for test in self._job.tests)
        return warm("rnngrade.execution.examiner:serve", SHELL + MISTAKES + _slow(tests)).fork(
            seed=self._job.seed,
            cuda=self._job.policy.cuda,
            call_seconds=self._limits.call_seconds,
            message_bytes=self._limits.message_bytes,
            total_bytes=self._limits.total_bytes,
        )

    def run(self, source, number):
        """Run a cell of the student's; its outputs."""
        seconds = min(self._limits.cell_seconds, self._left())
        if seconds <= 0:
            self._end(f"it took longer than {self._limits.notebook_seconds:g} s in all")
        if self._ended:
            return [_error("ProcessEnded", f"the notebook's process has ended: {self._ended}")]
        request = {"op": "cell", "source": source, "number": number, "limit": self._bytes}
        try:
            with self._clock("student"):
                self._to_student.send({**request, "seconds": seconds}, seconds=seconds)
                # It has a moment to interrupt itself; one that does not is stopped.
                reply, _ = self._to_student.receive(seconds + 2)
            if "error" in reply:  # it was interrupted while it showed what the cell had done
                outputs = [_error(*map(_text, reply["error"]))]
            else:
                outputs = [checked(output) for output in _list(reply["outputs"])]
        except (WireError, *MALFORMED) as error:
            self._end(f"{error}")
            return self.run(source, number)
        self._bytes -= len(json.dumps(outputs))
        return outputs

    def examine(self, test):
        """Run a test of the instructor's, and before it what it needs; its outputs."""
        for cell in self._job.tests[: self._job.tests.index(test)]:
            if cell.role == "setup" and cell.name not in self._ready:
                self._ready.add(cell.name)
                self._ask(cell)
        return self._ask(test)

    def record(self):
        """How it went: seconds by phase, the sandbox, and why the process ended if it did."""
        closed = self._job.sandbox
        return {
            "seconds": {phase: round(spent, 3) for phase, spent in self._times.items()},
            "ended": self._ended,
            "limits": asdict(self._limits),
            "policy": asdict(self._job.policy),
            "seed": self._job.seed,
            "sandbox": [layer.name for layer in layers() if layer.present and closed],
        }

    def _ask(self, cell):
        seconds = max(1, min(self._limits.cell_seconds, self._left()))
        request = {
            "source": cell.source,
            "exports": sorted(self._job.exports),
            "seconds": seconds,
            "limit": self._limits.output_bytes,
        }
        with self._clock("tests"):
            self._to_examiner.send(request)
            # The examiner is ours and keeps the time; twice as long can only be a fault.
            reply, _ = self._to_examiner.receive(2 * seconds + self._limits.call_seconds + 10)
        if reply["gone"] and not self._ended:
            self._end(reply["gone"])
        return [NotebookNode(output) for output in reply["outputs"]]

    def _end(self, why):
        """The student's process is over, or is made so."""
        if not self._ended:
            self._student.kill()
            end = self._student.wait(0)
            self._ended = why if end.killed else f"{end.how}"

    def _left(self):
        return self._limits.notebook_seconds - (time.monotonic() - self._start)

    @contextmanager
    def _clock(self, phase):
        start = time.monotonic()
        try:
            yield
        finally:
            self._times[phase] += time.monotonic() - start


def _slow(text):
    return tuple(module for word, module in SLOW.items() if word in text)


@functools.cache
def student_box(policy, limits, closed=True):
    """What the student's process sees and may use: this package's few files, and what the
    unit allows of rnnlib."""
    folders = []
    for name in policy.allows:
        spec = importlib.util.find_spec(name)
        folders += (spec and spec.submodule_search_locations) or module_files(name)
    return Box(
        readonly=(*module_files(*STUDENT), *folders),
        cuda=policy.cuda,
        memory_mb=limits.memory_mb,
        disk_mb=limits.disk_mb,
        processes=limits.processes,
        cpu_seconds=2 * limits.notebook_seconds,
        closed=closed,
    )


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, nbformat.ValidationError)


def checked(output):
    """An output that the student's process sent, with no field that a notebook lacks.

    Raises:
        One of MALFORMED: it is no output.
    """
    kind = output["output_type"]
    if kind == "stream":
        return new_output("stream", name="stdout", text=_text(output["text"]))
    if kind == "error":
        lines = [_text(line) for line in _list(output["traceback"])]
        return new_output(
            "error",
            ename=_text(output["ename"]),
            evalue=_text(output["evalue"]),
            traceback=lines,
        )
    if kind in ("display_data", "execute_result"):
        data = {_text(mime): value for mime, value in output["data"].items()}
        made = new_output(kind, data=data)
        nbformat.validate(made, ref="output", version=4)
        return made
    raise ValueError(f"an output of the kind {kind!r:.20}")


def _text(value):
    if type(value) is not str:
        raise TypeError("an output is malformed")
    return value


def _list(value):
    if type(value) is not list:
        raise TypeError("an output is malformed")
    return value


def _error(name, message):
    return new_output("error", ename=name, evalue=message, traceback=[f"{name}: {message}"])
