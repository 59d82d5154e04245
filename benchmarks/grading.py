"""rnngrade against stock `nbgrader autograde`: the same submissions, on the same two cores."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import nbformat
import psutil
from distributed import LocalCluster
from jupyter_client.manager import start_new_kernel
from nbgrader.api import Gradebook

from rnngrade.course import course
from rnngrade.execution.channel import Channel
from rnngrade.execution.execute import SHELL, execute, student_box
from rnngrade.execution.job import Limits, Policy
from rnngrade.isolation.warm import warm
from rnngrade.run import runner
from rnngrade.run.workers import on_dask
from tests.exercises.submission import ROOT, UNIT, release, solutions, solved

MANY = 48
COUNTS = (50, 100, 250, 500)  # of submissions, after which the memory is taken
# Right, but stock nbgrader takes every word on stderr for a failure.


def rows():
    """Yield a line per way to grade, then one per figure of its parts.

    Raises:
        RuntimeError: two ways do not agree on the points.
    """
    yield f"| {MANY} submissions | s | times stock | a minute, once it runs | times stock |"
    yield "|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        stock, ours = _courses(Path(folder))
        theirs = _autograde(stock), _rate(stock)
        yield _row("stock `nbgrader autograde`", theirs, theirs)
        for name, way in WAYS.items():
            root = Path(folder, "again")
            shutil.copytree(ours, root)
            yield _row(name, (way(root), _rate(root)), theirs)
            if _points(root) != _points(stock):
                raise RuntimeError(f"{name} gives other points than stock nbgrader")
            shutil.rmtree(root)
        sizes = _memory(ours)
    yield ""
    yield "| figure | stock | ours | ratio |"
    yield "|---|---|---|---|"
    their, our = _median(_kernel, 5), _median(_student, 51)
    start = f"{their:.2f} | {our:.3f} | {their / our:.0f}"
    yield f"| start of a process, to its first answer with torch, s | {start} |"
    for count, size in sizes.items():
        yield f"| memory of the parent after {count} submissions, MB | – | {size:.0f} | – |"
    yield ""
    yield (
        "The seconds are those of the whole command: workers import torch before they begin. "
        "Once it runs counts from the first grade to the last. Half of the submissions are "
        "wrong, and to name a mistake takes longer than to grade what is right; stock nbgrader "
        "runs the same tests."
    )


def print_memory(root):
    """Grade with two workers and print the memory of this process, in MB, by count."""
    sizes = {}

    def watched(function, tasks):
        for number, result in enumerate(on_dask(2)(function, tasks), start=1):
            yield result
            if number in COUNTS:
                sizes[number] = psutil.Process().memory_info().rss / 1e6

    runner.grade(course.load(root), UNIT, execute=execute, pool=watched)
    print(json.dumps(sizes))


def _courses(folder):
    """Two courses with the same submissions: one with nothing of ours, and one as this is."""
    stock, ours = folder / "stock", folder / "ours"
    sources = shutil.ignore_patterns("*.ipynb", "__pycache__")
    shutil.copytree(ROOT / "solutions" / UNIT, ours / "solutions" / UNIT, ignore=sources)
    shutil.copy(ROOT / "nbgrader_config.py", ours)
    _run(ours, "rnngrade", "release", UNIT)
    (stock / "source" / UNIT).mkdir(parents=True)
    shutil.copy(ours / "solutions" / UNIT / f"{UNIT}.ipynb", stock / "source" / UNIT)
    for root in (stock, ours):
        _run(root, "nbgrader", "generate_assignment", UNIT)
        _hand_in(root, MANY)
    return stock, ours


def _hand_in(root, count):
    """The submissions again and again, each time of other students."""
    for number, text in enumerate(islice(cycle(_submissions()), count)):
        place = root / "submitted" / f"student-{number:03}" / UNIT
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{UNIT}.ipynb").write_text(text, "utf-8")


@cache
def _submissions():
    """Right and wrong ones in turns, from the bank."""
    right = [s.code for s in solutions("right") if "warn" not in s.code]
    wrong = [s.code for s in solutions("wrong")]
    codes = (code for pair in zip(cycle(right), cycle(wrong), strict=False) for code in pair)
    blank = release()
    return [nbformat.writes(solved(blank, code)) for code in islice(codes, MANY)]


def _autograde(root):
    return _timed(root, "nbgrader", "autograde", UNIT)


def _grade(root, *words):
    return _timed(root, "rnngrade", "grade", UNIT, *words)


def _grade_elsewhere(root):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        return _grade(root, "--scheduler", cluster.scheduler_address)


WAYS = {
    "`nbgrader autograde`, as this course sets it": _autograde,
    "`rnngrade grade`, one worker": lambda root: _grade(root, "--workers", "1"),
    "`rnngrade grade`, two workers": lambda root: _grade(root, "--workers", "2"),
    "`rnngrade grade`, four workers": lambda root: _grade(root, "--workers", "4"),
    "`rnngrade grade`, a scheduler with two worker processes": _grade_elsewhere,
}


def _memory(root):
    _hand_in(root, max(COUNTS))
    code = f"from benchmarks.grading import print_memory; print_memory({str(root)!r})"
    return json.loads(_run(root, "python", "-c", code))


def _median(measure, times):
    return statistics.median(measure() for _ in range(times))


def _timed(root, *command):
    start = time.perf_counter()
    _run(root, *command)
    return time.perf_counter() - start


def _run(root, *command):
    """Run a command in a course as at a terminal; what it wrote."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("OMP_NUM_THREADS", None)  # each as it is by itself
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done.stdout


def _points(root):
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(UNIT)}


def _kernel():
    """Seconds until a stock kernel has torch."""
    start = time.perf_counter()
    manager, client = start_new_kernel(kernel_name="python3")
    client.execute_interactive("import torch", timeout=60)
    seconds = time.perf_counter() - start
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return seconds


def _student():
    """Seconds until a student's process, closed in, has torch."""
    processes = warm("rnngrade.execution.student:serve", SHELL, student_box(Policy(), Limits()))
    cell = {"op": "cell", "source": "import torch", "number": 1, "limit": 1000, "seconds": 60}
    start = time.perf_counter()
    with closing(processes.fork(files={}, allows=(), recurrences=False)) as child:
        channel = Channel(child.sock)
        channel.send(cell)
        channel.receive(60)
        return time.perf_counter() - start


def _rate(root):
    """Submissions a minute, from the first that is graded to the last."""
    times = [p.stat().st_mtime for p in root.glob(f"autograded/*/{UNIT}/{UNIT}.ipynb")]
    return 60 * (len(times) - 1) / (max(times) - min(times))


def _row(name, measured, stock):
    (seconds, rate), (their_seconds, their_rate) = measured, stock
    whole = f"{seconds:.1f} | {their_seconds / seconds:.1f}"
    return f"| {name} | {whole} | {rate:.0f} | {rate / their_rate:.1f} |"
