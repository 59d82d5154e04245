"""Children are forked fast, from a process that outlives each of them and none of its owner."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from rnngrade.errors import CourseError
from rnngrade.isolation import warm as warm_module
from rnngrade.isolation.sandbox import Box, layers, require
from rnngrade.isolation.warm import Exit, Warm, warm
from rnngrade.messages import message
from tests.rnngrade import hostile

ENTRY = "tests.rnngrade.hostile:run"
ROOT = Path(__file__).parents[2]
WARM = ("VmRSS", "FDSize")  # in /proc/PID/status


def sandboxed():
    try:
        require(layers())
    except CourseError:
        return False
    return True


@pytest.fixture(
    scope="module",
    params=[
        None,
        pytest.param(
            Box(readonly=(hostile.__file__,), memory_mb=256),
            marks=pytest.mark.skipif(not sandboxed(), reason="this machine has no sandbox"),
        ),
    ],
    ids=["trusted", "in a box"],
)
def kind(request):
    """Warm processes that import nothing: they start at once."""
    with closing(Warm(ENTRY, box=request.param)) as kind:
        yield kind


def ask(kind, name, **arguments):
    """What a child answers."""
    with closing(kind.fork(name=name, **arguments)) as child:
        return answer(child)


def answer(child):
    child.sock.settimeout(20)
    with child.sock.makefile() as lines:
        line = lines.readline()
    return json.loads(line)["gained"] if line else child.wait(20).how


def test_a_child_gets_its_request_and_answers(kind):
    text = "x" * 300_000  # more than a socket's buffer takes at once
    assert ask(kind, "hello", text=text) == text


def test_how_a_child_ended_is_told_with_what_it_used(kind):
    with closing(kind.fork(name="leave", status=0)) as child:
        end = child.wait(20)
    assert end.how == message("isolation.ended", status=0)
    assert 0 < end.cpu_seconds < 10
    assert 1 < end.max_rss_mb < 1000
    assert child.wait(0) is end


def test_an_error_of_the_entry_ends_the_child_alone(kind):
    with closing(kind.fork(name="no such attack")) as child:
        assert child.wait(20).how == message("isolation.ended", status=1)
    assert ask(kind, "folder")


def test_waiting_is_limited_and_killing_is_final(kind):
    with closing(kind.fork(name="spin")) as child:
        assert child.wait(0.05) is None
        child.kill()
        assert child.wait(0).killed
        child.kill()  # once more does nothing
    assert ask(kind, "folder")


def test_one_can_kill_what_another_waits_for(kind):
    with closing(kind.fork(name="spin")) as child:
        ends = []
        waiting = threading.Thread(target=lambda: ends.append(child.wait(20)))
        waiting.start()
        child.kill()
        waiting.join()
    assert [end.how for end in ends] == [message("isolation.died", signal="SIGKILL")]


def test_a_late_kill_does_not_reach_the_next_child(kind):
    with closing(kind.fork(name="leave", status=0)) as first:
        assert first.wait(20)
    with closing(kind.fork(name="hello", text="second")) as second:
        first.kill()
        assert answer(second) == "second"


def test_one_process_serves_one_child_after_the_other(kind):
    ask(kind, "folder")
    before = set(warm_module._open)
    for _ in range(3):
        assert ask(kind, "folder")
    assert set(warm_module._open) == before


def test_two_children_at_once_have_two_processes(kind):
    with closing(kind.fork(name="spin")) as first, closing(kind.fork(name="spin")) as second:
        assert first._process is not second._process


def test_threads_share_a_kind(kind):
    answers = {}

    def work(number):
        answers[number] = [ask(kind, "hello", text=f"{number}-{turn}") for turn in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: [f"{n}-{turn}" for turn in range(5)] for n in range(2)}


def test_many_children_leave_nothing_behind(kind):
    def measure():
        process = kind._idle[0]
        inner = process._popen.pid
        if process.namespaces:
            children = Path(f"/proc/{inner}/task/{inner}/children").read_text().split()
            inner = int(children[0])
        status = Path(f"/proc/{inner}/status").read_text()
        # What it has open is not ours to see, only how large the table has grown.
        memory, table = (int(re.search(rf"{name}:\s+(\d+)", status)[1]) for name in WARM)
        return memory, table, len(os.listdir("/proc/self/fd"))

    ask(kind, "folder")
    ask(kind, "folder")
    memory, *open_files = measure()
    for _ in range(200):
        ask(kind, "folder")
    memory_after, *open_files_after = measure()
    assert open_files_after == open_files
    assert memory_after < memory + 1024  # kB


def test_a_grader_may_have_many_files_open(kind):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1200  # select would take no more than 1024
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this machine lets no process open that many")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with ExitStack() as stack:
            for _ in range(1100):
                stack.enter_context(open(os.devnull))
            with closing(kind.fork(name="leave", status=0)) as child:
                assert child.sock.fileno() > 1024
                assert child.wait(20).how == message("isolation.ended", status=0)
            fresh = stack.enter_context(closing(Warm(*kind._recipe)))
            assert ask(fresh, "hello", text="x") == "x"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_dead_warm_process_is_replaced(kind):
    ask(kind, "folder")
    process = kind._idle[-1]
    kill_all(process._popen.pid)
    assert ask(kind, "hello", text="again") == "again"
    assert process not in warm_module._open


def test_a_child_whose_warm_process_dies_is_over(kind):
    with closing(kind.fork(name="spin")) as child:
        kill_all(child._process._popen.pid)
        assert child.wait(20) == Exit(message("isolation.died-with-warm"))
        assert gone(child.pid)
    assert ask(kind, "folder")


def kill_all(pid):
    """Kill a warm process, which may be the child of bubblewrap's."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    if children and b"bwrap" in Path(f"/proc/{pid}/cmdline").read_bytes():
        os.kill(int(children[0]), signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGKILL)


def gone(*pids, seconds=10):
    """Whether these processes are gone, soon."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(alive(pid) for pid in pids if pid):
            return True
        time.sleep(0.02)
    return False


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_children_draw_different_random_numbers():
    with closing(Warm(ENTRY, ("numpy", "torch"))) as kind:
        one, two = (ask(kind, "random_numbers") for _ in range(2))
    assert len(one) == len(two) == 3
    assert not set(one) & set(two)


@pytest.mark.skipif(not sandboxed(), reason="this machine has no sandbox")
def test_a_network_is_trained_in_a_box():
    with closing(
        Warm(ENTRY, ("torch",), Box(readonly=(hostile.__file__,), memory_mb=512))
    ) as kind:
        losses = ask(kind, "train")
    assert losses[0] > losses[-1]


def test_there_is_one_of_each_kind_in_a_process():
    kind = warm(ENTRY, ("json",))
    assert warm(ENTRY, ["json"]) is kind
    assert warm(ENTRY, ("json", "re")) is not kind
    assert warm(ENTRY, ("json",), Box(readonly=(hostile.__file__,))) is not kind


@pytest.mark.parametrize(
    ("entry", "preload", "why"),
    [
        ("tests.rnngrade.hostile:nothing", (), {"kind": "AttributeError"}),
        (ENTRY, ("no_such_module",), {"kind": "ModuleNotFoundError"}),
        (ENTRY, ("thread_starter",), {"id": "isolation.threads-after-imports", "n": 2}),
        (ENTRY, ("quitter",), {"id": "isolation.ended", "status": 7}),
    ],
)
def test_a_warm_process_that_cannot_start_says_why(tmp_path, monkeypatch, entry, preload, why):
    (tmp_path / "thread_starter.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    (tmp_path / "quitter.py").write_text("import os; os._exit(7)")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(warm_module._open)
    with pytest.raises(CourseError) as told:
        Warm(entry, preload).fork(name="folder")
    assert told.value.id == "isolation.warm-not-started"
    assert {"id": "isolation.fault", **why}.items() <= told.value.message["why"].plain().items()
    assert set(warm_module._open) == before


def test_a_system_that_cannot_fork_is_refused(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(CourseError) as told:
        Warm(ENTRY).fork(name="folder")
    assert told.value.id == "isolation.no-fork"


def test_a_kind_that_is_closed_ends_its_processes():
    kind = Warm(ENTRY)
    child = kind.fork(name="folder")
    busy = child._process
    kind.close()
    assert busy._popen.poll() is None  # it goes on until its child is over
    child.close()
    assert busy._popen.returncode == 0  # by itself


OWNER = """
import sys, time
from rnngrade.isolation.sandbox import Box
from rnngrade.isolation.warm import warm
kinds = {
    "trusted": None,
    "closed": Box(readonly=(sys.argv[1],)),
    "not closed": Box(readonly=(sys.argv[1],), closed=False),
}
box = kinds[sys.argv[2]]
child = warm("tests.rnngrade.hostile:run", (), box).fork(name="ignore_signals")
popen = child._process._popen
with open(f"/proc/{popen.pid}/task/{popen.pid}/children") as children:
    print(popen.pid, *children.read().split(), child.pid or "", flush=True)
print(*child._process._start.folders, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("box", ["trusted", "closed", "not closed"])
def test_all_end_when_the_owner_is_killed(box):
    if box == "closed" and not sandboxed():
        pytest.skip("this machine has no sandbox")
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, hostile.__file__, box],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with owner:
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) >= 2
        assert all(alive(pid) for pid in pids)
        folders = owner.stdout.readline().split()
        assert bool(folders) == (box == "not closed")
        owner.kill()
    assert gone(*pids)
    assert not any(map(os.path.exists, folders))


FORKING = """
import os
from rnngrade.isolation.warm import warm
from tests.rnngrade.test_warm import ask
kind = warm("tests.rnngrade.hostile:run")
assert ask(kind, "hello", text="before") == "before"
process = kind._idle[0]
done, tell = os.pipe()
pid = os.fork()
if not pid:
    os.close(tell)
    own = warm("tests.rnngrade.hostile:run")
    assert own is not kind
    assert ask(own, "hello", text="child") == "child"
    os.read(done, 1)
    raise SystemExit(0)
assert ask(kind, "hello", text="after") == "after"
kind.close()
assert process._popen.returncode == 0, "the fork has kept it alive"
os.close(tell)
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_fork_of_the_owner_starts_its_own(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FORKING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_a_thread_that_ends_takes_nothing_with_it():
    """A signal at the parent's death would come at the end of the thread that started it."""
    kind = Warm(ENTRY)
    with closing(kind):
        children = []
        thread = threading.Thread(
            target=lambda: children.append(kind.fork(name="hello", text="x"))
        )
        thread.start()
        thread.join()
        with closing(children[0]) as child:
            assert answer(child) == "x"
        assert ask(kind, "hello", text="y") == "y"
