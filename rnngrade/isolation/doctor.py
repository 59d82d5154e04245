"""`rnngrade doctor`: what this machine offers for grading, and what it lacks."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import closing

from rnngrade.errors import CourseError
from rnngrade.isolation.sandbox import Box, layers, require
from rnngrade.isolation.warm import Warm

FREE_GB = 1
CHILDREN = 9  # to take the time of
ENTRY = "rnngrade.isolation.forkserver:greet"

GOOD, MISSING, BAD = "ok", "--", "NO"  # how a line of the report begins


def run():
    """Print the report.

    Raises:
        CourseError: grading would refuse to start here, or fail.
    """
    lines = report()
    print("\n".join(lines))
    failed = sum(line.startswith(BAD) for line in lines)
    if failed:
        raise CourseError(
            f"this machine is not fit for grading: {failed} of the lines say {BAD}."
        )


def report() -> list[str]:
    """One line for each thing that grading needs: ok, -- for what it can do without, or NO."""
    lines = [_machine()]
    lines += [_line(GOOD if a.present else MISSING, a.name, a.why) for a in layers()]
    lines += [_sandbox(), *_torch(), _nbgrader(), _alembic()]
    lines += [_disk(folder) for folder in dict.fromkeys([os.getcwd(), tempfile.gettempdir()])]
    return lines


def _line(state, name, text):
    return f"{state}  {name}: {text}"


def _machine():
    user = "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "an ordinary user"
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return _line(GOOD, "machine", f"{system}, {os.cpu_count()} cores, {user}")


def _sandbox():
    """Whether students' code is closed in, tried with a child, and how long that takes."""
    try:
        require(layers())
        with closing(Warm(ENTRY, _preload(), Box())) as warm:
            begin = time.perf_counter()
            _greet(warm)
            first = time.perf_counter() - begin
            times = [_greet(warm) for _ in range(CHILDREN)]
    except CourseError as error:
        return _line(BAD, "sandbox", f"{error}")
    median = 1000 * statistics.median(times)
    text = f"a child is ready after {median:.0f} ms, the first one after {first:.1f} s"
    return _line(GOOD, "sandbox", text)


def _preload():
    return tuple(name for name in ("numpy", "torch") if importlib.util.find_spec(name))


def _greet(warm):
    """The seconds from asking for a child until it answers."""
    begin = time.perf_counter()
    with closing(warm.fork()) as child:
        answer = child.sock.recv(1)
        if not answer:
            raise CourseError(f"a child in the sandbox {child.wait(1).how}.")
        return time.perf_counter() - begin


def _torch():
    try:
        import torch
    except ImportError:
        return [_line(BAD, "torch", "it is not installed: pip install torch")]
    lines = [_line(GOOD, "torch", f"{torch.__version__}; a child uses one thread of its own")]
    names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    if names:
        return [*lines, _line(GOOD, "CUDA", ", ".join(names))]
    return [*lines, _line(MISSING, "CUDA", "no device: the tests run on the processor alone")]


def _nbgrader():
    try:
        version = importlib.metadata.version("nbgrader")
    except importlib.metadata.PackageNotFoundError:
        return _line(BAD, "nbgrader", 'it is not installed: pip install "rnn-course[grade]"')
    wanted = _wanted()
    if version != wanted:
        text = f"version {version}, and this course is made for {wanted}"
        return _line(BAD, "nbgrader", f'{text}: pip install "nbgrader=={wanted}"')
    return _line(GOOD, "nbgrader", version)


def _wanted():
    """The version of nbgrader that this course asks for: it reaches below its public names."""
    requirements = importlib.metadata.requires("rnn-course") or []
    found = [re.match(r"nbgrader\s*==\s*([^\s;]+)", text) for text in requirements]
    return next(match[1] for match in found if match)


def _alembic():
    """nbgrader finds it on the path, which nbgrader_config.py begins with Python's folder."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    if found := shutil.which("alembic", path=path):
        return _line(GOOD, "alembic", found)
    text = "nbgrader makes its gradebook with it, and it is not there: pip install alembic"
    return _line(BAD, "alembic", text)


def _disk(folder):
    free = shutil.disk_usage(folder).free / 1e9
    return _line(GOOD if free > FREE_GB else BAD, f"disk of {folder}", f"{free:.1f} GB free")
