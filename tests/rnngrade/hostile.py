"""What hostile code might try in the sandbox; each function gains something or raises OSError.

The module is all that the sandbox shows of the tests, so it needs nothing but Python.
"""

import asyncio
import collections
import contextlib
import ctypes
import importlib
import itertools
import json
import mmap
import multiprocessing
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

libc = ctypes.CDLL(None, use_errno=True)


def run(sock, name, **arguments):
    """The entry: make the attempt and report what it gained, or why it gained nothing."""
    with sock:
        try:
            report = {"gained": globals()[name](**arguments)}
        except (OSError, MemoryError, RuntimeError) as error:
            report = {"refused": f"{type(error).__name__}: {error}"}
        sock.sendall(json.dumps(report).encode() + b"\n")
        sock.recv(1)  # stay alive until the other end has read


def call(result):
    """The result of a libc function, or its error."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


# Reading


def read(path):
    with open(path, "rb") as file:
        return file.read(100).hex()


def list_folder(path):
    return os.listdir(path)


def find(folder, file):
    """A name, even of what cannot be read."""
    found = os.listdir(folder)
    if file in found:
        return found
    raise OSError("not there")


def read_through_a_link(path):
    os.symlink(path, "link")
    return read("link")


def read_through_a_hard_link(path):
    os.link(path, "hard")
    return read("hard")


def read_open_files():
    """Whatever the process holds open besides its socket and /dev/null."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the folder just read
            found.append(os.readlink(f"/proc/self/fd/{name}"))
    found = [path for path in found if path != "/dev/null"]
    if len(found) > 1:
        return found
    raise OSError("only the socket is open")


def environment(secret):
    """All places where the environment of a process can be seen."""
    text = repr(os.environ)
    for pid in os.listdir("/proc"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            text += repr(file.read())
    if secret in text:
        return text
    raise OSError("no secret in sight")


def other_processes():
    """All that are there, but for this one and the warm one."""
    found = {int(name) for name in os.listdir("/proc") if name.isdigit()}
    if found - {os.getpid(), os.getppid()}:
        return sorted(found)
    raise OSError("no other process in sight")


def parent_memory():
    with open(f"/proc/{os.getppid()}/mem", "rb") as memory:
        memory.seek(id(libc))  # a fork's addresses are its parent's
        return memory.read(16).hex()


def parent_memory_by_call():
    local = ctypes.create_string_buffer(16)
    mine = (ctypes.c_void_p * 2)(ctypes.addressof(local), 16)
    theirs = (ctypes.c_void_p * 2)(id(libc), 16)
    return call(libc.process_vm_readv(os.getppid(), mine, 1, theirs, 1, 0))


# The network


def connect(family, kind, address):
    with socket.socket(family, kind) as sock:
        sock.connect(tuple(address) if isinstance(address, list) else address)
        sock.send(b"gained")
    return "connected"


def send_datagram(address):
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"gained", tuple(address))


def reconnect_a_pair(path):
    """One of a pair of datagram sockets can send elsewhere."""
    one, _ = socket.socketpair(type=socket.SOCK_DGRAM)
    one.sendto(b"gained", path)
    return "sent"


def listen():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        return sock.getsockname()


def open_socket(family, kind):
    return socket.socket(family, kind).fileno()


def pass_a_file():
    """Hand an open file on, or keep it open in flight."""
    one, two = socket.socketpair()
    with one, two:
        socket.send_fds(one, [b"x"], [one.fileno()])
        return socket.recv_fds(two, 1, 1)[1]


# Processes


def fork():
    pid = os.fork()
    if not pid:
        os._exit(0)
    return pid


def fork_and_stay():
    """A process that outlives the child: in a session of its own, deaf to signals."""
    if not os.fork():
        os.setsid()
        ignore_signals()
    return os.getpid()


def fork_by_libc():
    pid = call(libc.fork())
    if not pid:
        os._exit(0)
    return pid


def clone(number, flags):
    """A clone that is no thread, by the number of the call."""
    pid = call(libc.syscall(number, flags | signal.SIGCHLD, 0, 0, 0, 0))
    if not pid:
        os._exit(0)
    return pid


def clone3(number):
    """A process by the newer call, whose flags no filter can see."""
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD)
    pid = call(libc.syscall(number, ctypes.byref(arguments), ctypes.sizeof(arguments)))
    if not pid:
        os._exit(0)
    return pid


def execute(program):
    os.execv(program, [program, "-c", "print()"])


def spawn(program):
    return os.posix_spawn(program, [program, "-c", ""], {})


def run_program(program):
    return subprocess.run([program, "-c", ""], check=True).returncode


def system():
    status = os.system("true")
    if status:
        raise OSError(f"status {status}")
    return status


def process_of_multiprocessing():
    process = multiprocessing.get_context("fork").Process(target=print)
    process.start()
    return process.pid


def threads(count):
    threading.stack_size(1 << 16)  # or memory ends first
    running = 0
    with contextlib.suppress(RuntimeError):
        while running < count:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
            running += 1
    if running < count:
        raise OSError(f"only {running} threads")
    time.sleep(2)  # who only watches needs a moment
    return running


def sandbox_again():
    """A user namespace of one's own would give rights in it."""
    return call(libc.unshare(0x10000000))


def mount():
    return call(libc.mount(b"none", os.getcwdb(), b"tmpfs", 0, None))


def become_root(function):
    getattr(os, function)(0)
    return function


# Writing


def write(path):
    with open(path, "wb") as file:
        file.write(b"gained")
    return path


def change_mode(path):
    """The calls may say that they did it: the file tells."""
    with contextlib.suppress(OSError):
        os.chmod(path, 0o4777)
    with contextlib.suppress(OSError):
        os.utime(path, (0, 0))
    with contextlib.suppress(OSError), open(path, "rb") as file:
        os.fchmod(file.fileno(), 0o4777)
    if os.stat(path).st_mode & 0o7777 == 0o4777 or os.stat(path).st_mtime == 0:
        return path
    raise OSError("nothing has changed")


def change_mode_by_number(number, path):
    """The newer call, which the C library may not know."""
    libc.syscall(number, -100, path.encode(), 0o4777, 0)
    if os.stat(path).st_mode & 0o7777 == 0o4777:
        return path
    raise OSError("nothing has changed")


def change_owner(path):
    os.chown(path, os.getuid(), os.getgid())
    return path


def set_attribute(path):
    os.setxattr(path, "user.gained", b"1")
    return path


def truncate(path):
    os.truncate(path, 0)
    return path


def truncate_by_opening(path):
    return os.open(path, os.O_RDONLY | os.O_TRUNC)


def remove(path):
    os.unlink(path)
    return path


def move_in(path):
    os.rename(path, "moved")
    return path


def make_device():
    os.mknod("device", 0o600 | 0o020000, os.makedev(1, 1))
    return "device"


def make_pipe():
    os.mkfifo("pipe")
    return "pipe"


# Too much


def memory(mb):
    kept = []
    while len(kept) * 16 < mb:
        kept.append(bytearray(16 << 20))
    return len(kept) * 16


def shared_memory(mb):
    kept = []
    while len(kept) * 16 < mb:
        kept.append(mmap.mmap(-1, 16 << 20))
        kept[-1].write(b"x" * (16 << 20))
    return len(kept) * 16


def memory_file(mb):
    kept = []
    while len(kept) * 4 < mb:
        kept.append(os.memfd_create("gained"))
        os.write(kept[-1], b"x" * (4 << 20))
    return len(kept) * 4


def large_file(mb):
    with open("large", "wb") as file:
        for _ in range(mb):
            file.write(b"x" * (1 << 20))
    return mb


def many_files(mb):
    for number in range(mb):
        with open(f"file-{number}", "wb") as file:
            file.write(b"x" * (1 << 20))
    time.sleep(2)  # who only watches needs a moment
    return mb


def empty_files(count):
    for number in range(count):
        os.close(os.open(f"file-{number}", os.O_CREAT | os.O_WRONLY))
    time.sleep(2)
    return count


def open_files(count):
    return len([os.open("/dev/null", os.O_RDONLY) for _ in range(count)])


def raise_limit(limit):
    limit = getattr(resource, limit)
    _, hard = resource.getrlimit(limit)
    try:
        resource.setrlimit(limit, (hard, hard + 1))
    except ValueError as error:  # Python's word for EPERM
        raise OSError(f"{error}") from None
    return hard + 1


def limit_another():
    """Take the warm process's open files away."""
    resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))
    return os.getppid()


# Signals: number 0 asks whether one could


def send_signal(pid):
    os.kill(os.getppid() if pid == "parent" else pid, 0)
    return pid


def send_signal_by_number(number, pids):
    """To the parent, by the number of a call that takes its pid once or twice."""
    return call(libc.syscall(number, *[os.getppid()] * pids, 0))


def open_process():
    return os.pidfd_open(os.getppid())


def system_calls(numbers):
    """The names of those calls that are not refused as such."""
    passed = []
    for name, number in numbers.items():
        ctypes.set_errno(0)
        result = libc.syscall(number, -1, 0, 0, 0, 0, 0)
        if result != -1 or ctypes.get_errno() != 1:  # EPERM
            passed.append(name)
    if passed:
        return passed
    raise OSError("all refused")


# Ends


def leave(status):
    os._exit(status)


def crash():
    ctypes.string_at(0)


def hold_the_lock():
    """Python's lock, for ever, in C: no handler of Python's runs again."""
    collections.deque(itertools.repeat(0), maxlen=0)


def ignore_signals():
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(60)


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def spin():
    while True:
        pass


# What is left behind


def litter():
    """Files, a closed folder, and folders within folders."""
    with open("file", "w") as file:
        file.write("left")
    os.symlink("/", "link")
    os.mkdir("closed", 0)
    for _ in range(200):
        os.mkdir("deep")
        os.chdir("deep")
    return os.getcwd()


def litter_deep():
    """Deeper than a path or a recursion can be."""
    for _ in range(3000):
        os.mkdir("deep")
        os.chdir("deep")
    return 3000


# Honest ones


def folder():
    return {"path": os.getcwd(), "files": os.listdir()}


def hello(text):
    return text


def work():
    """What a notebook may well do."""
    os.makedirs("data/deep", exist_ok=True)
    with open("own.txt", "w") as file:
        file.write("text")
    shutil.copy2("own.txt", "copy.txt")
    os.rename("copy.txt", "data/deep/renamed.txt")
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/x", "w") as file:
        file.write("x")
    asyncio.run(asyncio.sleep(0))
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(abs, [-1, 1])) == [1, 1]
    signal.raise_signal(signal.SIGWINCH)
    resource.setrlimit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE))
    with open("/dev/urandom", "rb") as source, open(os.devnull, "wb") as sink:
        sink.write(source.read(1))
    assert os.path.expanduser("~") == os.getcwd()
    assert os.cpu_count()
    bytearray(32 << 20)
    return sorted(os.listdir())


def load(module):
    """Import a module that the warm process has not: its folder must be listed."""
    return importlib.import_module(module).__file__


def random_numbers():
    numbers = [random.random()]
    if "numpy" in sys.modules:
        numbers.append(sys.modules["numpy"].random.rand())
    if "torch" in sys.modules:
        numbers.append(sys.modules["torch"].rand(1).item())
    return numbers


def train():
    """The numbers of a small recurrent network's loss."""
    import torch

    layer = torch.nn.LSTM(2, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    losses = []
    for _ in range(3):
        loss = layer(torch.ones(3, 1, 2))[0].square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
