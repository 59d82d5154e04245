"""Grade one submission: the student's cells in one process, the tests in another."""

import functools
import importlib.util
import socket
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from rnngrade.execution.causes import Causes, shortened, trouble_of
from rnngrade.execution.channel import Channel, WireError
from rnngrade.execution.job import Job, Limits, Outcome, Policy, TestCell
from rnngrade.isolation.sandbox import Box, layers
from rnngrade.isolation.visible import module_files
from rnngrade.isolation.warm import warm
from rnngrade.messages import LOCALE, Message, from_plain, message

# What the warm processes import before they fork; some of it only if a text has this word.
SHELL = ("rnngrade.execution.shell",)
MISTAKES = (
    "rnnlib",
    "array_api_compat.numpy",
    "array_api_compat.torch",
    "rnngrade.misconceptions",
    "rnngrade.execution.rehearsal",
)
SLOW = {
    "plot": "rnngrade.execution.pictures",
    "optim": "torch._dynamo",  # torch itself imports it with its first optimizer
}
# What the student's process needs of this package; `check` is for the student's own cells.
STUDENT = (
    *("rnngrade.execution.student", "rnngrade.execution.policy", "rnngrade.execution.shell"),
    *("rnngrade.execution.pictures", "rnngrade.execution.channel", "rnngrade.execution.wire"),
    *("rnngrade.execution.refused", "rnngrade.execution.mended"),
    *("rnngrade.check", "rnngrade.checks.arrays", "rnngrade.checks.cases"),
    *("rnngrade.checks.comparison", "rnngrade.checks.diagnosis", "rnngrade.checks.verdict"),
    *("rnngrade.messages", "rnngrade.errors"),
)
DYING_SECONDS = 2
LONGEST_NOTE = 200  # with which the student's process says that it has cut off the rest


def execute(job: Job) -> Outcome:
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
    # For the page, which may be read in another language than it was graded in.
    about = {"said": record["said"], "language": job.language}
    notebook.metadata["rnngrade"] = {**notebook.metadata.get("rnngrade", {}), **about}
    return Outcome(nbformat.writes(notebook), record)


class Session:
    """The two processes of one submission."""

    def __init__(self, job: Job):
        self._job, self._limits = job, job.limits
        self._bytes = job.limits.output_bytes
        self._ready: set[str] = (
            set()
        )  # the instructor's cells without points that the examiner has run
        self._causes = Causes()
        self._said: dict[str, dict[str, Any]] = {}  # what each failed test says
        self._ended: Message | None = None  # why the student's process ended before its time
        self._times: defaultdict[str, float] = defaultdict(float)

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
            language=self._job.language,
        )

    def _fork_examiner(self):
        tests = "".join(test.source for test in self._job.tests)
        return warm("rnngrade.execution.examiner:serve", SHELL + MISTAKES + _slow(tests)).fork(
            seed=self._job.seed,
            cuda=self._job.policy.cuda,
            call_seconds=self._limits.call_seconds,
            message_bytes=self._limits.message_bytes,
            total_bytes=self._limits.total_bytes,
            language=self._job.language,
        )

    def run(self, source: str, number: int) -> list[NotebookNode]:
        """Run a cell of the student's; its outputs."""
        seconds = min(self._limits.cell_seconds, self._left())
        if seconds <= 0:
            self._end(
                "execution.ended",
                message("execution.notebook-late", seconds=self._limits.notebook_seconds),
            )
        if self._ended:
            return [self._error(self._ended)]
        request = {"op": "cell", "source": source, "number": number, "limit": self._bytes}
        try:
            with self._clock("student"):
                self._to_student.send({**request, "seconds": seconds}, seconds=seconds)
                # It has a moment to interrupt itself; one that does not is stopped.
                reply, _ = self._to_student.receive(seconds + 2)
            outputs, trouble = self._shown(reply, seconds)
        except WireError as error:
            self._end("execution.ended-in-cell", error.message, cell=number)
            return self.run(source, number)
        except MALFORMED:
            self._end("execution.ended-in-cell", message("execution.malformed"), cell=number)
            return self.run(source, number)
        self._causes.note(source, trouble)
        return outputs

    def examine(self, test: TestCell) -> list[NotebookNode]:
        """Run a test of the instructor's, and before it what it needs; its outputs."""
        for cell in self._job.tests[: self._job.tests.index(test)]:
            if cell.role == "setup" and cell.name not in self._ready:
                self._ready.add(cell.name)
                self._ask(cell)
        outputs, failed = self._ask(test)
        if failed:
            self._said[test.name] = failed.plain()
            outputs.append(self._error(failed))
        return outputs

    def record(self) -> dict[str, Any]:
        """How it went: seconds by phase, the sandbox, what the failed tests say, and why the
        process ended if it did."""
        closed = self._job.sandbox
        return {
            "seconds": {phase: round(spent, 3) for phase, spent in self._times.items()},
            "said": self._said,
            "ended": self._ended and self._ended.plain()["why"],
            "limits": asdict(self._limits),
            "policy": asdict(self._job.policy),
            "seed": self._job.seed,
            "sandbox": [layer.name for layer in layers() if layer.present and closed],
        }

    def _shown(self, reply, seconds):
        """The outputs of a cell and its trouble, from what the student's process says."""
        if "error" in reply:  # it was interrupted while it showed what the cell had done
            kind, said, _ = reply["error"]
            what = message("execution.exception", kind=_text(kind), said=_text(said))
            trouble = message("execution.cell-raised", line=1, what=what)
            if kind == "OutOfTime":
                trouble = message("execution.cell-late", line=1, seconds=seconds)
            return [self._error(shortened(trouble))], shortened(trouble)
        outputs = []
        for output in map(checked, _list(reply["outputs"])):
            self._bytes -= _size(output)
            if self._bytes < -LONGEST_NOTE:  # an honest process has cut it off itself
                break
            outputs.append(output)
        return outputs, trouble_of(reply.get("trouble"))

    def _ask(self, cell):
        """What a cell of the instructor's shows, and what it says if it fails."""
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
            self._end("execution.ended-in-test", from_plain(reply["gone"]), test=cell.name)
        failed = reply["failed"] and shortened(from_plain(reply["failed"]))
        if failed:
            failed = self._ended or self._causes.explained(failed, reply["lacking"])
        return [NotebookNode(output) for output in reply["outputs"]], failed

    def _end(self, id, why, **where):
        """The student's process is over, or is made so.

        Args:
            id: of the sentence that says so.
            why: what was seen of it from here; if it ended by itself, that tells more.
            where: the number of the cell or the name of the test, if it was in one.
        """
        if self._ended:
            return
        # Who has closed the connection is about to end.
        over = self._student.wait(DYING_SECONDS if why.id == "execution.closed" else 0)
        if over:
            why = over.how
        self._student.kill()
        self._ended = message(id, why=why, **where)

    def _error(self, told):
        """A sentence as an output of a cell."""
        words = told.in_words(self._job.language)
        return new_output("error", ename=told.id, evalue=words, traceback=[words])

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
def student_box(policy: Policy, limits: Limits, closed: bool = True) -> Box:
    """What the student's process sees and may use: this package's few files, and what the
    unit allows of rnnlib."""
    folders: list[str] = []
    for name in policy.allows:
        spec = importlib.util.find_spec(name)
        folders += (spec and spec.submodule_search_locations) or module_files(name)
    return Box(
        readonly=(*module_files(*STUDENT), str(LOCALE), *folders),
        cuda=policy.cuda,
        memory_mb=limits.memory_mb,
        disk_mb=limits.disk_mb,
        processes=limits.threads,
        cpu_seconds=2 * limits.notebook_seconds,
        closed=closed,
    )


MALFORMED = (KeyError, TypeError, ValueError, AttributeError)


def checked(output: dict[str, Any]) -> NotebookNode:
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
        texts = {mime: value for mime, value in output["data"].items() if type(value) is str}
        data = {_text(mime): _text(value) for mime, value in texts.items()}
        return new_output(kind, data=data)
    raise ValueError("an output of another kind")


def _size(output):
    """The characters of an output."""
    texts = [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", ())]
    return sum(map(len, (*texts, *output.get("data", {}).values())))


def _text(value):
    if type(value) is not str:
        raise TypeError("an output is malformed")
    return value.encode(errors="replace").decode()  # half of an emoji is no text


def _list(value):
    if type(value) is not list:
        raise TypeError("an output is malformed")
    return value
