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
from dataclasses import dataclass

from rnngrade.errors import CourseError
from rnngrade.isolation.sandbox import Box, layers, require
from rnngrade.isolation.warm import Warm
from rnngrade.messages import Message, message

FREE_GB = 1
CHILDREN = 9  # to take the time of
ENTRY = "rnngrade.isolation.forkserver:greet"

GOOD, MISSING, BAD = "ok", "--", "NO"  # how a line of the report begins


@dataclass(frozen=True)
class Line:
    """One thing that grading needs: its state, what it is, and what there is to say."""

    state: str
    about: str | Message
    text: str | Message

    def __str__(self) -> str:
        return f"{self.state}  {self.about}: {self.text}"


def run() -> None:
    """Print the report.

    Raises:
        CourseError: grading would refuse to start here, or fail.
    """
    lines = report()
    print("\n".join(map(str, lines)))
    failed = sum(line.state == BAD for line in lines)
    if failed:
        raise CourseError("isolation.not-fit", n=failed, mark=BAD)


def report() -> list[Line]:
    """One line for each thing that grading needs: ok, -- for what it can do without, or NO."""
    lines = [_machine()]
    lines += [Line(GOOD if a.present else MISSING, a.name, a.why) for a in layers()]
    lines += [_sandbox(), *_torch(), _nbgrader(), _alembic()]
    lines += [_disk(folder) for folder in dict.fromkeys([os.getcwd(), tempfile.gettempdir()])]
    return lines


def _machine():
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    text = message(
        "isolation.machine-text",
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        n=os.cpu_count() or 1,
        user=message("isolation.root" if root else "isolation.ordinary-user"),
    )
    return Line(GOOD, message("isolation.machine"), text)


def _sandbox():
    """Whether students' code is closed in, tried with a child, and how long that takes."""
    about = message("isolation.sandbox")
    try:
        require(layers())
        with closing(Warm(ENTRY, _preload(), Box())) as warm:
            begin = time.perf_counter()
            _greet(warm)
            first = time.perf_counter() - begin
            times = [_greet(warm) for _ in range(CHILDREN)]
    except CourseError as error:
        return Line(BAD, about, error.message)
    median = f"{1000 * statistics.median(times):.0f}"
    return Line(
        GOOD, about, message("isolation.ready-after", median=median, first=f"{first:.1f}")
    )


def _preload():
    return tuple(name for name in ("numpy", "torch") if importlib.util.find_spec(name))


def _greet(warm):
    """The seconds from asking for a child until it answers."""
    begin = time.perf_counter()
    with closing(warm.fork()) as child:
        answer = child.sock.recv(1)
        if not answer:
            raise CourseError("isolation.child-cannot-live", why=child.wait(1).how)
        return time.perf_counter() - begin


def _torch():
    try:
        import torch
    except ImportError:
        return [Line(BAD, "torch", message("isolation.install", package="torch"))]
    version = message("isolation.torch", version=torch.__version__)
    names = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
    cuda = Line(MISSING, "CUDA", message("isolation.no-cuda"))
    if names:
        cuda = Line(GOOD, "CUDA", ", ".join(names))
    return [Line(GOOD, "torch", version), cuda]


def _nbgrader():
    try:
        version = importlib.metadata.version("nbgrader")
    except importlib.metadata.PackageNotFoundError:
        text = message("isolation.install", package='"rnn-course[grade]"')
        return Line(BAD, "nbgrader", text)
    wanted = _wanted()
    if version != wanted:
        text = message("isolation.other-nbgrader", version=version, wanted=wanted)
        return Line(BAD, "nbgrader", text)
    return Line(GOOD, "nbgrader", version)


def _wanted():
    """The version of nbgrader that this course asks for: it reaches below its public names."""
    requirements = importlib.metadata.requires("rnn-course") or []
    found = [re.match(r"nbgrader\s*==\s*([^\s;]+)", text) for text in requirements]
    return next(match[1] for match in found if match)


def _alembic():
    """nbgrader finds it on the path, which nbgrader_config.py begins with Python's folder."""
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    if found := shutil.which("alembic", path=path):
        return Line(GOOD, "alembic", found)
    return Line(BAD, "alembic", message("isolation.no-alembic"))


def _disk(folder):
    free = shutil.disk_usage(folder).free / 1e9
    return Line(
        GOOD if free > FREE_GB else BAD,
        message("isolation.disk-of", folder=folder),
        message("isolation.free", gb=f"{free:.1f}"),
    )
