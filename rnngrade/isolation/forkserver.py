"""The warm process itself: it imports what children need, then forks one child at a time.

`isolation.warm` starts it, inside the sandbox if there is one, and speaks to it through one
socket: single bytes come in, FORK (with the child's socket) and KILL; lines of JSON go out:
ready, the pid of a child, how a child ended. At the end of the socket, it ends.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback

from rnngrade.isolation import confine

FORK, KILL = b"F", b"K"
SIZE = struct.Struct("!I")  # of the request, before it
WATCH_MS = 250


def main(descriptor: int) -> None:
    """Serve, and end without taking torch down piece by piece."""
    serve(descriptor)
    os._exit(0)


def serve(descriptor: int) -> None:
    """Serve until the other end of the socket is closed."""
    control = socket.socket(fileno=descriptor)
    start = json.loads(control.makefile().readline())
    box = start["box"]
    try:
        entry = _prepare(start, box)
    except confine.Trouble as error:
        _say(control, failed=error.plain, trace=traceback.format_exc())
        return
    except Exception as error:
        failed = {"id": "isolation.fault", "kind": type(error).__name__, "why": f"{error}"}
        _say(control, failed=failed, trace=traceback.format_exc())
        return
    server = _Server(control, entry, box)
    with contextlib.suppress(BrokenPipeError), contextlib.closing(server):
        _say(control, ready=True)
        server.run()
    if box and not box["own_disk"]:
        with contextlib.suppress(OSError, RecursionError):  # then the grader does, if it lives
            confine.empty(box["work"])
            os.rmdir(box["work"])


def _say(control, **answer):
    control.sendall(json.dumps(answer).encode() + b"\n")


def _prepare(start, box):
    """Import all; the entry, as a function."""
    if box:
        if box["uid"]:
            confine.drop(box["uid"])
        confine.shield()
        os.chdir(box["work"])
        if "seccomp" in box["layers"]:
            confine.load_seccomp()
        if "landlock" in box["layers"]:
            importlib.import_module("landlockpy")
    gc.disable()  # it would look for garbage among modules, for a sixth of the time
    for module in start["preload"]:
        importlib.import_module(module)
    module, name = start["entry"].split(":")
    entry = getattr(importlib.import_module(module), name)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    _check_threads()
    if box:
        confine.empty(box["work"])  # matplotlib leaves a cache of fonts
        box["baseline_mb"] = confine.resident()
    gc.collect()
    gc.freeze()  # else the first collection in each child copies all pages
    gc.enable()
    return entry


def _check_threads():
    tasks = "/proc/self/task"
    threads = len(os.listdir(tasks)) if os.path.isdir(tasks) else 1
    if threads != 1:
        raise confine.Trouble("isolation.threads-after-imports", n=threads)


class _Server:
    def __init__(self, control, entry, box):
        self._control, self._entry, self._box = control, entry, box
        self._child = 0
        self._why = None  # a child was stopped
        self._wake, self._waker = os.pipe()

    def run(self):
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        events = select.poll()
        for descriptor in (self._control.fileno(), self._wake):
            events.register(descriptor, select.POLLIN)
        going = True
        while going:
            ready = dict(events.poll(WATCH_MS if self._child and self._box else None))
            if self._wake in ready:
                os.read(self._wake, 4096)
            if self._child:
                going = self._look()
            if going and self._control.fileno() in ready:
                going = self._obey()

    def close(self):
        """Leave no child behind."""
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)

    def _look(self):
        """See whether the child is over or has too much."""
        pid, status, used = os.wait4(self._child, os.WNOHANG)
        if pid:
            self._child = 0
            return self._over(status, used)
        if self._box and not self._why:
            self._why = confine.excess(self._child, self._box)
            if self._why:
                os.kill(self._child, signal.SIGKILL)
        return True

    def _over(self, status, used):
        """Clear away what the child left and tell; whether the next one may come."""
        clean = True
        try:
            self._kill_left()
            if self._box:
                confine.empty(self._box["work"])
        except (OSError, RecursionError):
            clean = False  # the folder ends with this process
        spent = used.ru_utime + used.ru_stime
        if self._box and _killed(status) and spent > self._box["cpu_seconds"]:
            seconds = f"{self._box['cpu_seconds']:g}"
            self._why = {"id": "isolation.too-much-processor-time", "seconds": seconds}
        how = {"id": "isolation.stopped", "why": self._why} if self._why else _how(status)
        self._why = None
        per_mb = 1 << 20 if sys.platform == "darwin" else 1 << 10
        over = {"how": how, "cpu_seconds": spent, "max_rss_mb": used.ru_maxrss / per_mb}
        _say(self._control, over=over, clean=clean)
        return clean

    def _kill_left(self):
        """Where there is no seccomp a child may have had children of its own."""
        if os.getpid() != 1:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all in this pid namespace but this process
        with contextlib.suppress(ChildProcessError):
            while True:
                os.wait()

    def _obey(self):
        command, fds, *_ = socket.recv_fds(self._control, 1, 1)
        if command == FORK:
            sock = socket.socket(fileno=fds[0])
            self._child = os.fork()
            if not self._child:
                _live(sock, self._entry, self._box)
            sock.close()
            _say(self._control, pid=self._child)
        elif self._child:  # KILL, or the grader is gone
            os.kill(self._child, signal.SIGKILL)
        return bool(command)


def _killed(status):
    return os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def _how(status):
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return {"id": "isolation.ended", "status": code}
    return {"id": "isolation.died", "signal": signal.Signals(-code).name}


def _live(sock, entry, box):
    """The whole life of a child."""
    status = 1
    try:
        _stand_alone(sock)
        request = json.loads(_receive(sock, SIZE.unpack(_receive(sock, SIZE.size))[0]))
        if box:
            confine.shield(False)
            confine.close_in(box)
            _silence()
        entry(sock, **request)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _stand_alone(sock):
    """Keep nothing of the warm process but what it imported."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    kept = sock.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, max(map(int, os.listdir("/dev/fd"))) + 1)
    if "numpy" in sys.modules:  # Python's own generator sees to this by itself
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()


def _silence():
    """A student's code has no terminal, and cannot fill a file of the grader's."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _receive(sock, size):
    data = bytearray()
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("the grader is gone")
        data += more
    return bytes(data)


def greet(sock: socket.socket) -> None:
    """The entry of a child that only shows that it lives: for `rnngrade doctor`."""
    sock.sendall(b".")
