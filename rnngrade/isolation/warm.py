"""Processes that have imported what children need, and fork one for each request.

Importing torch takes a second, a fork of a process that has done so takes milliseconds. The
warm process (`isolation.forkserver`) is a program of its own and not a fork of the grader: it
has one thread, no secrets, and none of the grader's files. It lives as long as the grader
holds its end of their socket, and serves one child at a time, so that two children can never
meet; who needs two at once gets a second warm process.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnngrade.errors import CourseError
from rnngrade.isolation import sandbox
from rnngrade.isolation.forkserver import FORK, KILL, SIZE
from rnngrade.messages import Message, from_plain, message

START_SECONDS = 120  # importing torch on a cold and busy machine
GONE_SECONDS = 20  # between SIGKILL and the end of a child, its folder emptied


@dataclass(frozen=True)
class Exit:
    """How a child ended, with what it used.

    The id of `how` is "isolation.ended" (with its `status`), "isolation.died" (of a `signal`),
    or "isolation.stopped" (and `why`). One that was killed died of SIGKILL.
    """

    how: Message
    cpu_seconds: float = 0.0
    max_rss_mb: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether it was killed, as `Child.kill` does."""
        return self.how == KILLED


KILLED = message("isolation.died", signal="SIGKILL")


class Warm:
    """Warm processes of one kind; `fork` takes an idle one or starts another.

    Args:
        entry: "package.module:function", called in the child as function(sock, **request);
            when it returns, the child is over.
        preload: modules to import before the first fork.
        box: what the children see and may use, or None to trust them.
    """

    def __init__(self, entry: str, preload: Sequence[str] = (), box: sandbox.Box | None = None):
        self._recipe = (entry, tuple(preload), box)
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False

    def fork(self, **request: Any) -> "Child":
        """Start a child for this request, which is plain data, fit for JSON.

        Raises:
            CourseError: the warm process cannot be started, or not closed in.
        """
        data = json.dumps(request).encode()
        while process := self._take():
            with contextlib.suppress(OSError):  # it has died since its last child
                return Child(self, process, data)
            process.destroy()
        process = _Process(*self._recipe)
        try:
            return Child(self, process, data)
        except OSError as error:
            process.destroy()
            raise CourseError(
                "isolation.warm-died", entry=self._recipe[0], why=f"{error}"
            ) from None

    def close(self) -> None:
        """End the idle processes; a busy one ends with its child."""
        self._closed = True
        while process := self._take():
            process.close()

    def _take(self):
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, process):
        with self._lock:
            if not self._closed:
                self._idle.append(process)
                return
        process.close()


class Child:
    """A forked child.

    `sock` leads to the `sock` of its entry. `pid` is its process, or None where it is closed
    into a namespace, in which it has a number that means nothing here.
    """

    def __init__(self, warm: Warm, process: "_Process", request: bytes):
        self._warm = warm
        self._process: Any = process  # None once it is over
        self._exit: Exit | None = None
        self._lock = threading.Lock()  # held while waiting
        self._sending = threading.Lock()
        self.sock, theirs = socket.socketpair()
        try:
            with theirs:
                pid = process.fork(theirs)
            with contextlib.suppress(OSError):  # over already: `wait` tells how
                self.sock.sendall(SIZE.pack(len(request)) + request)
        except BaseException:
            self.sock.close()
            raise
        self.pid = None if process.namespaces else pid

    def kill(self) -> None:
        """Kill it; on return it is gone, with every process and file that it left."""
        with self._sending, contextlib.suppress(OSError):
            if self._process:
                self._process.send(KILL)
        if self.wait(GONE_SECONDS) is None:
            with self._lock:
                if self._exit is None:
                    self._over(Exit(KILLED), reuse=False)

    def wait(self, timeout: float) -> Exit | None:
        """Wait until it is over and cleared away; None if that takes longer than `timeout`."""
        with self._lock:
            if self._exit is None:
                try:
                    answer = self._process.answer(timeout)
                except OSError:
                    self._over(Exit(message("isolation.died-with-warm")), reuse=False)
                else:
                    if answer:
                        over = answer["over"]
                        how = from_plain(over.pop("how"))
                        self._over(Exit(how, **over), reuse=answer["clean"])
            return self._exit

    def close(self) -> None:
        """Kill it if it is alive, and close the socket."""
        if self._exit is None:
            self.kill()
        self.sock.close()

    def _over(self, exit, reuse):
        self._exit = exit
        with self._sending:  # the process may be another's from here on
            process, self._process = self._process, None
        if reuse:
            self._warm._give_back(process)
        else:
            process.destroy()
            if self.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)


class _Process:
    """A warm process, seen from the grader."""

    def __init__(self, entry, preload, box):
        if not hasattr(os, "fork"):
            raise CourseError("isolation.no-fork")
        self._start = sandbox.prepare(box)
        self._unread = b""
        self._control, theirs = socket.socketpair()
        code = f"from rnngrade.isolation.forkserver import main; main({theirs.fileno()})"
        with theirs:
            self._popen = subprocess.Popen(
                [*self._start.command, code],
                env=self._start.environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        _open.add(self)
        self._await(entry, preload)

    @property
    def namespaces(self):
        """Whether its children are in namespaces of their own."""
        return self._start.inside is not None and self._start.inside["own_disk"]

    def _await(self, entry, preload):
        start = {"entry": entry, "preload": preload, "box": self._start.inside}
        try:
            self.send(json.dumps(start).encode() + b"\n")
            answer = self.answer(START_SECONDS) or {
                "failed": {"id": "isolation.takes-too-long"}
            }
        except OSError:
            status = self._popen.wait()
            answer = {"failed": {"id": "isolation.ended", "status": status}}
        if "failed" in answer:
            self.destroy()
            why = from_plain(answer["failed"])
            error = CourseError("isolation.warm-not-started", entry=entry, why=why)
            error.add_note(answer.get("trace", ""))
            raise error

    def send(self, data):
        self._control.sendall(data)

    def fork(self, sock):
        """Have it fork a child for this socket; the pid, as the warm process sees it."""
        socket.send_fds(self._control, [FORK], [sock.fileno()])
        answer = self.answer(GONE_SECONDS)
        if answer is None:
            raise ConnectionError("it does not answer")
        return answer["pid"]

    def answer(self, timeout):
        """The next line that it wrote, or None if there is none in time.

        Raises:
            OSError: the process is gone.
        """
        ready = select.poll()  # for select, a grader may have too many files open
        ready.register(self._control, select.POLLIN)
        end = time.monotonic() + timeout
        while b"\n" not in self._unread:
            if not ready.poll(1000 * max(0.0, end - time.monotonic())):
                return None
            data = self._control.recv(1 << 16)
            if not data:
                raise ConnectionError("it is gone")
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)

    def disown(self):
        """Let go of it without ending it."""
        self._control.close()

    def close(self):
        """Let it end by itself, as it does at the end of its socket."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(GONE_SECONDS)
        self.destroy()

    def destroy(self):
        """End it by force, if it has not ended yet, and clear away what it leaves."""
        _open.discard(self)
        self._control.close()
        if self._popen.poll() is None:
            _kill(self._popen)
        self._start.clear_away()


def _kill(popen):
    """Kill a process and its children: bubblewrap's is process 1 of all that is inside."""
    children = Path(f"/proc/{popen.pid}/task/{popen.pid}/children")
    with contextlib.suppress(OSError):
        for pid in children.read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    popen.kill()
    popen.wait()


_warm: dict[tuple[str, tuple[str, ...], sandbox.Box | None], Warm] = {}
_open: set[_Process] = set()
_lock = threading.Lock()


def warm(entry: str, preload: Sequence[str] = (), box: sandbox.Box | None = None) -> Warm:
    """The warm processes of this kind in this process: started at first use, ended at exit."""
    key = (entry, tuple(preload), box)
    with _lock:
        if key not in _warm:
            _warm[key] = Warm(*key)
        return _warm[key]


@atexit.register
def _close_all():
    processes = list(_open)
    for process in processes:  # each takes its time, so all at once
        process.disown()
    for process in processes:
        process.close()


def _forget():
    """In a fork of the grader: the warm processes stay with the one who started them."""
    global _lock
    _lock = threading.Lock()
    for process in _open:
        process.disown()
    _open.clear()
    _warm.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
