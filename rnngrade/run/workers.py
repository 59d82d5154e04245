"""Where submissions are executed: processes of this machine, or a dask cluster elsewhere."""

import logging
import warnings
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from distributed.versions import VersionMismatchWarning

from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Outcome
from rnngrade.messages import Message, Told, message
from rnngrade.run.environment import environment, loaded_by
from rnngrade.run.journal import now

AHEAD = 2  # submissions under way per worker: one at work, one waiting, so that none idles
CONNECT_SECONDS = 10
LOCAL = {
    # One that ends its worker has a second try, and none waits where another may fall.
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.worker-saturation": 1.0,
    # What dask remembers of tasks that are done; and nothing is shown over HTTP.
    "distributed.admin.low-level-log-length": 10,
    "distributed.diagnostics.computations.max-history": 1,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # dask's own profiler would look at each worker a hundred times a second.
    "distributed.worker.profile.enabled": False,
}
# What both ends of a connection must share to understand each other.
SHARED = ("python", "dask", "distributed", "cloudpickle", "msgpack")

Execute = Callable[[Job], Outcome]
Tasks = Iterable[tuple[Any, tuple[Any, ...]]]  # pairs of a name and the arguments
# Pairs of a name and what gives the result.
Results = Generator[tuple[Any, Callable[[], Any]], None, None]
Pool = Callable[[Callable[..., Any], Tasks], Results]


class Failed(Told):
    """There is no result; the message says why."""


class Refused(Failed):
    """The machine cannot execute anything, or could not at that moment."""


def work(execute: Execute, job: Job, wanted: dict[str, str]) -> tuple[Outcome, str, str]:
    """What a worker does: execute one job; the outcome, and when it began and ended.

    Args:
        execute: what executes it.
        job: the job.
        wanted: the `environment` of the job on the grader's machine.

    Raises:
        CourseError: this machine has another environment.
        Refused: `execute` raised a `CourseError`.
    """
    for name, version in environment(loaded_by(job)).items():
        if version != wanted.get(name):
            raise CourseError(
                "run.other-worker", name=name, there=version, here=f"{wanted.get(name)}"
            )
    started = now()
    try:
        outcome = execute(job)
    except CourseError as error:
        raise Refused(error.message) from error
    return outcome, started, now()


def in_turn(function: Callable[..., Any], tasks: Tasks) -> Results:
    """The simplest pool: one task after the other, in this process.

    Args:
        function: what is run for each task.
        tasks: pairs of a name and the arguments. Few are taken ahead, so many cost no memory.

    Yields:
        Pairs of a name and a function that gives the result, or raises `Failed`; a
        `CourseError` concerns all tasks and comes through.
    """
    for name, arguments in tasks:
        yield name, partial(_told, partial(function, *arguments))


def on_dask(workers: int | None = None, scheduler: str | None = None) -> Pool:
    """A pool of processes that works like `in_turn`, in any order.

    Args:
        workers: how many processes on this machine; None means one per core.
        scheduler: the address of a dask scheduler, to use its workers instead.
    """

    def pool(function: Callable[..., Any], tasks: Tasks) -> Results:
        tasks = iter(tasks)
        for first in tasks:  # without a task no process is started
            with _cluster(workers, scheduler) as client:
                yield from _stream(client, function, chain([first], tasks))

    return pool


def fault(error: Exception) -> Message:
    """An exception that nobody expected."""
    return message("run.fault", kind=type(error).__name__, why=f"{error}")


def _stream(client, function, tasks):
    running: Any = as_completed(loop=client.loop)
    names: dict[str, Any] = {}

    def finished(future):
        return names.pop(future.key), lambda: _told(future.result, client)

    for name, arguments in tasks:
        try:
            future = client.submit(function, *arguments, pure=False)
            room = AHEAD * max(1, sum(client.nthreads().values()))
        except (OSError, ClosedClientError) as error:
            raise CourseError("run.scheduler-gone") from error
        names[future.key] = name
        running.add(future)
        del future  # dask keeps a result as long as anyone holds its future
        while running.has_ready() or running.count() >= room:
            yield finished(next(running))
    for future in running:
        yield finished(future)


def _told(result, client=None):
    """The result, or why there is none."""
    try:
        return result()
    except (CourseError, Failed):
        raise
    except KilledWorker:
        raise Failed("run.worker-died") from None
    except Exception as error:
        if client is not None and client.status != "running":
            raise CourseError("run.scheduler-gone") from error
        raise Failed(fault(error)) from error


@contextmanager
def _cluster(workers, scheduler):
    """A client of the scheduler, or of a cluster on this machine that ends with it."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is told here
    if scheduler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)  # `_check_versions` tells
            try:
                client = Client(scheduler, timeout=CONNECT_SECONDS)
            except (OSError, ValueError) as error:
                raise CourseError(
                    "run.no-scheduler", address=scheduler, why=f"{error}"
                ) from error
        with client:
            _check_versions(client.get_versions(), scheduler)
            yield client
        return
    # Whoever reaches the port of a scheduler may run anything: so only with a certificate,
    # which lasts as long as the cluster. Memory is the business of the sandbox.
    with (
        dask.config.set(LOCAL),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            security=True,
            memory_limit=0,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def _check_versions(versions, scheduler):
    here = versions["client"]["packages"]
    for there in (versions["scheduler"], *versions["workers"].values()):
        for name in SHARED:
            other = there["packages"].get(name)
            if other != here[name]:
                raise CourseError(
                    "run.other-cluster",
                    address=scheduler,
                    name=name,
                    there=f"{other}",
                    here=f"{here[name]}",
                )
