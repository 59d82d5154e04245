"""Hostile code gains nothing, and the warm process serves the next child.

Every attack of `hostile.py` runs in each sandbox that a machine may give.
"""

import ctypes.util
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from string import Template

import pytest

from rnngrade.errors import CourseError
from rnngrade.isolation import confine, sandbox, visible
from rnngrade.isolation.sandbox import Box, Layer, layers, require
from rnngrade.isolation.warm import KILLED, Warm
from rnngrade.messages import message
from tests.rnngrade import hostile

ROOT = Path(__file__).parents[2]
BOX = Box(readonly=(hostile.__file__,), memory_mb=128, disk_mb=8, processes=16, cpu_seconds=20)
SECRET = "kept-in-the-grader's-environment"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


# The layers of the three sandboxes that a machine may give.
MODES = {
    "all layers": ("bubblewrap", "landlock", "seccomp"),
    "no bubblewrap": ("landlock", "seccomp"),
    "bubblewrap alone": ("bubblewrap",),
}


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    """The layers that are used; the others are as if this machine had none."""
    used = MODES[request.param]
    missing = [layer.name for layer in layers() if layer.name in used and not layer.present]
    if missing:
        pytest.skip(f"this machine lacks {' and '.join(missing)}")
    if "bubblewrap" not in used and os.geteuid() == 0 and not _others_can_read(os.__file__):
        pytest.skip("no user but root can read this Python installation")
    shown = tuple(replace(layer, present=layer.name in used) for layer in layers())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "layers", lambda: shown)
        yield request.param


def _others_can_read(path):
    folders = Path(path).parents
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in folders)


@pytest.fixture(scope="module")
def targets():
    with closing(Targets()) as targets, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET", SECRET)
        yield targets


class Targets:
    """What an attack is after: files that anybody may write, and sockets that listen."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="targets-")
        os.chmod(self.folder, 0o777)
        self.gradebook = f"{self.folder}/gradebook.db"
        self.library = f"{self.folder}/library.py"  # which the box shows
        for path in (self.gradebook, self.library):
            Path(path).write_text("untouched")
            os.chmod(path, 0o666)
        self.shown = f"{self.folder}/shown"  # as is this folder
        os.mkdir(self.shown)
        Path(self.shown, "file").touch()
        os.chmod(self.shown, 0o777)
        self.unix = f"{self.folder}/stream"
        self.datagrams = f"{self.folder}/datagrams"
        self.abstract = f"\0{self.folder}"
        stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
        self._sockets = [
            _bound(socket.AF_INET, stream, ("127.0.0.1", 0)),
            _bound(socket.AF_INET, datagram, ("127.0.0.1", 0)),
            _bound(socket.AF_UNIX, stream, self.unix),
            _bound(socket.AF_UNIX, stream, self.abstract),
            _bound(socket.AF_UNIX, datagram, self.datagrams),
        ]
        for path in (self.unix, self.datagrams):
            os.chmod(path, 0o777)
        self.tcp, self.udp = (each.getsockname() for each in self._sockets[:2])
        self._before = self._state()

        self.root, self.home = str(ROOT), os.path.expanduser("~")
        self.unit = sorted((ROOT / "solutions").iterdir())[0].name
        self.grader = os.getpid()

    def fill(self, arguments):
        """The arguments of an attack on this machine."""
        return {name: self._fill(name, value) for name, value in arguments.items()}

    def _fill(self, name, value):
        if name == "numbers":
            return _numbers(value)
        if name == "number":
            return _numbers([value])[value]
        if not isinstance(value, str):
            return value
        if value in ("$tcp", "$udp"):
            return getattr(self, value[1:])
        return Template(value).substitute(vars(self))

    def _state(self):
        files = map(os.stat, sorted(Path(self.folder).rglob("*")))
        return [
            (file.st_mode, file.st_uid, file.st_mtime, file.st_size, file.st_nlink)
            for file in files
        ]

    def are_untouched(self):
        connected = select.select(self._sockets, [], [], 0)[0]
        return not connected and self._state() == self._before

    def close(self):
        for each in self._sockets:
            each.close()
        shutil.rmtree(self.folder)


def _bound(family, kind, address):
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen()
    return sock


@pytest.fixture(scope="module")
def warm(mode, targets):
    box = replace(BOX, readonly=(*BOX.readonly, targets.library, targets.shown))
    with closing(Warm("tests.rnngrade.hostile:run", box=box)) as warm:
        yield warm


def attempt(warm, name, **arguments):
    """What a child reports of the attack of this name, or how it ended instead."""
    with closing(warm.fork(name=name, **arguments)) as child:
        child.sock.settimeout(20)
        with child.sock.makefile() as lines:
            line = lines.readline()
        return json.loads(line) if line else {"ended": child.wait(20).how.plain()}


def serves(warm):
    return attempt(warm, "hello", text="well") == {"gained": "well"}


def _numbers(names):
    """The numbers of those system calls that this machine has."""
    import pyseccomp

    native = pyseccomp.Arch.NATIVE
    found = {
        name: confine.NEWER.get(name) or pyseccomp.resolve_syscall(native, name)
        for name in names
    }
    return {name: number for name, number in found.items() if number >= 0}


# What must be refused as a call, whatever else would stop it.
CALLS = (
    "execve execveat ptrace process_vm_readv process_vm_writev kcmp pidfd_open pidfd_getfd",
    "rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal tkill setpriority sched_setaffinity",
    "socket connect bind listen accept accept4 sendmsg sendmmsg",
    "mount umount2 pivot_root chroot unshare setns fsopen move_mount open_by_handle_at",
    "chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr mknod mknodat",
    "memfd_create memfd_secret shmget semget msgget mq_open",
    "bpf perf_event_open userfaultfd io_uring_setup io_uring_enter keyctl add_key personality",
    "setxattrat removexattrat file_setattr open_tree_attr",  # newer than many a libseccomp
)

# The attack, and what it is after: words with a $ stand for something of `Targets`, words in
# `number` and `numbers` for system calls.
ATTACKS = [
    ("read", {"path": "/etc/shadow"}),
    ("read", {"path": "/etc/passwd"}),
    ("read", {"path": "$gradebook"}),
    ("read", {"path": "$root/solutions/$unit/$unit.md"}),
    ("read", {"path": "$root/rnngrade/execution/examiner.py"}),
    ("read", {"path": "$root/rnnlib/steps.py"}),
    ("read", {"path": "/proc/1/environ"}),
    ("read", {"path": "/proc/$grader/environ"}),
    ("read", {"path": "/proc/$grader/root$gradebook"}),
    ("list_folder", {"path": "$home"}),
    ("list_folder", {"path": "$root/solutions"}),
    ("find", {"folder": "$folder", "file": "gradebook.db"}),
    ("list_folder", {"path": "/proc/$grader/fd"}),
    ("read_through_a_link", {"path": "$gradebook"}),
    ("read_through_a_hard_link", {"path": "$gradebook"}),
    ("read_open_files", {}),
    ("environment", {"secret": SECRET}),
    ("other_processes", {}),
    ("parent_memory", {}),
    ("parent_memory_by_call", {}),
    ("connect", {"family": socket.AF_INET, "kind": socket.SOCK_STREAM, "address": "$tcp"}),
    ("send_datagram", {"address": "$udp"}),
    ("connect", {"family": socket.AF_UNIX, "kind": socket.SOCK_STREAM, "address": "$unix"}),
    ("connect", {"family": socket.AF_UNIX, "kind": socket.SOCK_STREAM, "address": "$abstract"}),
    ("connect", {"family": socket.AF_UNIX, "kind": socket.SOCK_DGRAM, "address": "$datagrams"}),
    ("reconnect_a_pair", {"path": "$datagrams"}),
    ("listen", {}),
    *[
        ("open_socket", {"family": getattr(socket, family, 0), "kind": kind})
        for family, kind in (
            ("AF_INET", socket.SOCK_RAW),
            ("AF_INET6", socket.SOCK_STREAM),
            ("AF_NETLINK", socket.SOCK_RAW),
            ("AF_PACKET", socket.SOCK_RAW),
            ("AF_VSOCK", socket.SOCK_STREAM),
            ("AF_ALG", socket.SOCK_SEQPACKET),
        )
    ],
    ("pass_a_file", {}),
    ("fork", {}),
    ("fork_by_libc", {}),
    ("clone", {"number": "clone", "flags": 0}),
    ("clone", {"number": "clone", "flags": 0x10000000}),  # with a user namespace
    ("clone3", {"number": "clone3"}),
    ("execute", {"program": sys.executable}),
    ("spawn", {"program": sys.executable}),
    ("run_program", {"program": sys.executable}),
    ("system", {}),
    ("process_of_multiprocessing", {}),
    ("threads", {"count": 17}),
    ("sandbox_again", {}),
    ("mount", {}),
    ("become_root", {"function": "setuid"}),
    ("become_root", {"function": "setgid"}),
    *[
        ("write", {"path": path})
        for path in (
            "$gradebook",
            "$library",
            "$folder/new",
            "$shown/new",
            "/tmp/gained",
            "/dev/shm/gained",
            "/dev/gained",
            "/gained",
            "/proc/sys/kernel/hostname",
            f"{sys.prefix}/lib/gained",
        )
    ],
    ("change_mode", {"path": "$library"}),
    ("change_mode", {"path": "$gradebook"}),
    ("change_mode_by_number", {"number": "fchmodat2", "path": "$library"}),
    ("change_owner", {"path": "$library"}),
    ("set_attribute", {"path": "$library"}),
    ("truncate", {"path": "$library"}),
    ("truncate", {"path": "$gradebook"}),
    ("truncate_by_opening", {"path": "$library"}),
    ("remove", {"path": "$library"}),
    ("remove", {"path": "$shown/file"}),
    ("move_in", {"path": "$shown/file"}),
    ("remove", {"path": "$gradebook"}),
    ("move_in", {"path": "$gradebook"}),
    ("make_device", {}),
    ("make_pipe", {}),
    ("memory", {"mb": 256}),
    ("shared_memory", {"mb": 256}),
    ("memory_file", {"mb": 64}),
    ("large_file", {"mb": 9}),
    ("many_files", {"mb": 16}),
    ("empty_files", {"count": 11_000}),
    ("open_files", {"count": 300}),
    *[
        ("raise_limit", {"limit": f"RLIMIT_{name}"})
        for name in ("AS", "FSIZE", "NOFILE", "CORE", "CPU")
    ],
    ("limit_another", {}),
    ("send_signal", {"pid": 1}),
    ("send_signal", {"pid": -1}),
    ("send_signal", {"pid": "parent"}),
    ("send_signal_by_number", {"number": "tkill", "pids": 1}),
    ("send_signal_by_number", {"number": "tgkill", "pids": 2}),
    ("open_process", {}),
    *[("system_calls", {"numbers": names.split()}) for names in CALLS],
]


# Bubblewrap stops these by itself: what they are after is not there. Within its namespaces
# one may fork, and send to oneself, as there is nobody else.
STOPPED_BY_BUBBLEWRAP = {
    *("read", "find", "read_through_a_link", "read_through_a_hard_link", "read_open_files"),
    *("environment", "other_processes", "parent_memory"),
    *("connect", "reconnect_a_pair", "become_root", "mount", "make_device"),
    *("write", "change_mode", "change_owner", "set_attribute"),
    *("truncate", "truncate_by_opening", "remove", "move_in"),
    *("threads", "memory", "shared_memory", "large_file", "many_files", "empty_files"),
    *("open_files", "raise_limit"),
}


def _words(attack):
    name, arguments = attack
    texts = [text for text in arguments.values() if isinstance(text, str | int)]
    return " ".join(map(str, [name, *texts])).replace(sys.prefix, "$prefix")


@pytest.mark.parametrize("attack", ATTACKS, ids=_words)
def test_an_attack_gains_nothing(warm, targets, attack, mode):
    name, arguments = attack
    if mode == "bubblewrap alone" and name not in STOPPED_BY_BUBBLEWRAP:
        pytest.skip("this one is for Landlock or seccomp to stop")
    report = attempt(warm, name, **targets.fill(arguments))
    assert "refused" in report or report["ended"]["id"] == "isolation.stopped", report
    assert targets.are_untouched()
    assert serves(warm)


@pytest.mark.parametrize(
    "attack",
    [("memory", {"mb": 256}), ("shared_memory", {"mb": 256}), ("threads", {"count": 17})],
)
def test_limits_refuse_at_once_and_let_go_on(warm, attack, mode):
    name, arguments = attack
    if name == "threads" and mode == "no bubblewrap" and os.geteuid() != 0:
        pytest.skip("the limit would count all threads of this user")
    assert "refused" in attempt(warm, name, **arguments)


def test_what_no_limit_counts_is_seen_from_outside(tmp_path, monkeypatch):
    monkeypatch.setattr(confine, "MARGIN_MB", 0)
    box = {
        "memory_mb": 1 << 20,
        "baseline_mb": 0,
        "processes": 1000,
        "own_disk": False,
        "work": str(tmp_path),
        "disk_mb": 1,
    }
    assert confine.excess(os.getpid(), box) is None
    too_much = confine.excess(os.getpid(), {**box, "memory_mb": 1})
    assert too_much == {"id": "isolation.too-much-memory", "mb": 1}
    assert confine.excess(os.getpid(), {**box, "memory_mb": 1, "baseline_mb": 1 << 20}) is None
    too_many = confine.excess(os.getpid(), {**box, "processes": 0})
    assert too_many == {"id": "isolation.too-many-threads", "n": 0}
    (tmp_path / "large").write_bytes(b"x" * (2 << 20))
    full = {"id": "isolation.too-many-files", "mb": 1, "files": confine.MAX_FILES}
    assert confine.excess(os.getpid(), box) == full


@pytest.mark.parametrize(
    ("name", "arguments", "how"),
    [
        ("leave", {"status": 3}, message("isolation.ended", status=3)),
        ("crash", {}, message("isolation.died", signal="SIGSEGV")),
        ("hold_the_lock", {}, KILLED),
        ("ignore_signals", {}, KILLED),
        ("stop", {}, KILLED),
        ("spin", {}, KILLED),
    ],
)
def test_the_end_of_a_child_is_told_and_is_only_its_own(warm, name, arguments, how):
    child = warm.fork(name=name, **arguments)
    if how == KILLED:
        assert child.wait(0.3) is None
        child.kill()
    assert child.wait(20).how == how
    child.close()
    assert serves(warm)


def test_calls_that_no_kernel_has_yet_are_absent(tmp_path):
    if "seccomp" not in [layer.name for layer in layers() if layer.present]:
        pytest.skip("this machine lacks seccomp")
    with open(tmp_path / "rules", "w+") as file:
        confine.call_filter().export_pfc(file)
        rules = (tmp_path / "rules").read_text()
    assert "$syscall == 469)" in rules
    assert "$syscall == 470)" in rules
    assert "$syscall == 511)" in rules


def test_a_child_finds_nothing_of_the_one_before(warm):
    with closing(warm.fork(name="litter")) as child:
        child.sock.recv(1)
    report = attempt(warm, "folder")["gained"]
    assert report["files"] == []


def test_no_process_outlives_a_child(warm, mode):
    report = attempt(warm, "fork_and_stay")
    assert ("gained" in report) == (mode == "bubblewrap alone")
    assert "refused" in attempt(warm, "other_processes")


def test_folders_too_deep_to_remove_are_gone_too(warm):
    here = attempt(warm, "folder")["gained"]["path"]
    report = attempt(warm, "litter_deep")
    assert "gained" in report or report["ended"]["why"] == {"id": "isolation.too-deep-folders"}
    assert attempt(warm, "folder")["gained"]["files"] == []
    assert not os.path.exists(f"{here}/deep")


def test_two_children_at_once_cannot_read_each_other(warm):
    with closing(warm.fork(name="litter")) as one, closing(warm.fork(name="folder")) as two:
        path = json.loads(one.sock.makefile().readline())["gained"].split("/deep")[0]
        mine = json.loads(two.sock.makefile().readline())["gained"]
        assert mine["files"] == []
        report = attempt(warm, "read", path=f"{path}/file")
        assert "refused" in report


def test_processor_time_is_limited(mode):
    with closing(Warm("tests.rnngrade.hostile:run", box=replace(BOX, cpu_seconds=0.1))) as warm:
        with closing(warm.fork(name="spin")) as child:
            why = message("isolation.too-much-processor-time", seconds="0.1")
            assert child.wait(20).how == message("isolation.stopped", why=why)
        assert serves(warm)


def test_honest_work_is_not_disturbed(warm):
    assert attempt(warm, "work") == {"gained": ["data", "own.txt"]}


def test_no_folder_is_left_on_this_machine(mode, monkeypatch):
    made, make = [], tempfile.mkdtemp
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **how: made.append(make(**how)) or made[-1])
    with closing(Warm("tests.rnngrade.hostile:run", box=BOX)) as warm:
        assert serves(warm)
        assert bool(made) == (mode == "no bubblewrap")
        assert all(map(os.path.exists, made))
    assert not any(map(os.path.exists, made))


@pytest.fixture(params=["site-packages", "elsewhere"])
def package(request, tmp_path, monkeypatch, mode):
    """A package with a module to be seen and one to be hidden, installed or not."""
    package = tmp_path / request.param / "answers"
    room = package / "room"
    room.mkdir(parents=True)
    for folder in (package, room):
        for name in ("__init__", "public", "private"):
            (folder / f"{name}.py").write_text(f"{name} = 1")
    for folder in (room, *room.parents):
        if folder.is_relative_to(tmp_path):
            folder.chmod(0o755)
    if os.geteuid() == 0 and mode == "no bubblewrap" and not _others_can_read(package):
        pytest.skip("no user but root can read the folder of this test")
    monkeypatch.syspath_prepend(package.parent)
    visible.python.cache_clear()
    yield package
    visible.python.cache_clear()
    for name in ("answers", "answers.room"):  # which `module_files` has imported
        sys.modules.pop(name, None)


def test_of_a_package_there_is_only_what_the_box_names(package):
    shown = sandbox.module_files("answers.public", "answers.room.public")
    box = replace(BOX, hidden=("answers",), readonly=(*BOX.readonly, *shown))
    with closing(Warm("tests.rnngrade.hostile:run", ("answers",), box)) as warm:
        for folder, name in ((package, "answers"), (package / "room", "answers.room")):
            public, private = str(folder / "public.py"), str(folder / "private.py")
            assert attempt(warm, "load", module=f"{name}.public") == {"gained": public}
            assert "gained" not in attempt(warm, "load", module=f"{name}.private")
            assert "refused" in attempt(warm, "read", path=private)
            assert "refused" in attempt(warm, "write", path=str(folder / "new.py"))


def test_a_package_that_is_not_hidden_is_part_of_the_installation(package):
    private = str(package / "private.py")
    with closing(Warm("tests.rnngrade.hostile:run", box=replace(BOX, hidden=()))) as warm:
        installed = package.parent.name == "site-packages"
        assert ("gained" in attempt(warm, "read", path=private)) == installed


def test_a_box_that_is_not_closed_limits_only():
    box = replace(BOX, closed=False)
    with closing(Warm("tests.rnngrade.hostile:run", box=box)) as warm:
        assert "gained" in attempt(warm, "read", path=os.__file__)
        assert "gained" in attempt(warm, "open_socket", family=1, kind=1)
        assert "refused" in attempt(warm, "memory", mb=256)
        assert "refused" in attempt(warm, "large_file", mb=9)
        report = attempt(warm, "folder")["gained"]
        assert report["files"] == []
        assert os.path.basename(report["path"]).startswith("rnngrade-")


# What the machine gives


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
def test_a_layer_that_the_kernel_has_is_found():
    """Or else all tests of it would be skipped."""
    import landlockpy

    found = {layer.name: layer.present for layer in layers()}
    assert found["landlock"] == (landlockpy.abi_version() >= confine.MIN_LANDLOCK)
    assert found["seccomp"] == bool(ctypes.util.find_library("seccomp"))
    program = next(sandbox._bwraps())
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    plain = [program, *user, "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "true"]
    assert found["bubblewrap"] == (subprocess.run(plain).returncode == 0)


def test_each_layer_is_named_with_a_reason():
    names = [layer.name for layer in layers()]
    assert names == ["bubblewrap", "landlock", "seccomp", "limits", "cgroup"]
    assert all(layer.why for layer in layers())


def without(*names):
    return tuple(
        Layer(name, name not in names, message("isolation.does-not-work", why=f"no {name}"))
        for name in ("bubblewrap", "landlock", "seccomp")
    )


@pytest.mark.parametrize("missing", [(), ("landlock", "seccomp"), ("bubblewrap",)])
def test_one_sandbox_is_enough(missing):
    require(without(*missing))


@pytest.mark.parametrize("missing", [("bubblewrap", "landlock"), ("bubblewrap", "seccomp")])
def test_no_sandbox_is_refused_by_name(missing):
    with pytest.raises(CourseError) as told:
        require(without(*missing))
    assert told.value.id == "isolation.no-sandbox"
    assert [(lack["name"], lack["why"]["why"]) for lack in told.value.message["lacks"]] == [
        (name, f"no {name}") for name in missing
    ]


def test_a_closed_box_does_not_start_without_a_sandbox(monkeypatch):
    monkeypatch.setattr(sandbox, "layers", lambda: without("bubblewrap", "seccomp"))
    with pytest.raises(CourseError) as told:
        Warm("tests.rnngrade.hostile:run", box=BOX).fork(name="folder")
    assert told.value.id == "isolation.no-sandbox"


def test_other_systems_have_no_layer_and_say_why(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    layers.cache_clear()
    try:
        assert not any(layer.present for layer in layers())
        assert {layer.why for layer in layers()} == {
            message("isolation.needs-linux", system="darwin")
        }
        with pytest.raises(CourseError) as told:
            require(layers())
        assert told.value.id == "isolation.no-sandbox"
    finally:
        layers.cache_clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [("readonly", ("relative",)), ("readonly", ("/not/there",)), ("memory_mb", 0)],
)
def test_a_box_names_its_bad_argument(name, value):
    with pytest.raises(CourseError) as told:
        Box(**{name: value})
    known = dict(told.value.message.fields)
    if name == "readonly":
        assert (told.value.id, known["value"]) == ("isolation.box-readonly", f"{value[0]!r}")
    else:
        assert (told.value.id, known["name"]) == ("isolation.box-number", name)


def test_module_files_are_the_module_and_the_packages_above():
    files = sandbox.module_files("rnngrade.isolation.confine", "rnngrade.errors")
    names = [os.path.relpath(file, ROOT / "rnngrade") for file in files]
    above = ["__init__.py", "isolation/__init__.py"]
    assert names == [*above, "isolation/confine.py", "errors.py"]
    with pytest.raises(CourseError) as told:
        sandbox.module_files("rnngrade.nothing")
    assert told.value.message == message("isolation.no-module", name="rnngrade.nothing")


def test_a_control_group_that_cannot_be_made_leaves_nothing(monkeypatch):
    made, make = [], tempfile.mkdtemp

    def refuse(prefix, dir=None):
        if dir:
            raise PermissionError("not here")
        made.append(make(prefix=prefix))
        return made[-1]

    needed, it_is = ("landlock", "seccomp", "cgroup"), message("isolation.by-limits")
    monkeypatch.setattr(
        sandbox, "layers", lambda: tuple(Layer(name, True, it_is) for name in needed)
    )
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(CourseError) as told:
        sandbox.prepare(BOX)
    assert told.value.message == message("isolation.no-control-group", why="not here")
    assert made
    assert not any(map(os.path.exists, made))


def test_a_control_group_gets_the_limits(tmp_path, monkeypatch):
    """On a folder that looks like one: few machines let an ordinary user make a real one."""
    made = tmp_path / "rnngrade-x"

    def make(prefix, dir):
        made.mkdir()
        for name in ("memory.max", "pids.max", "cgroup.procs"):
            (made / name).touch()
        return str(made)

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    group = sandbox._make_cgroup(Box(memory_mb=100, disk_mb=10, processes=5))
    assert int((made / "memory.max").read_text()) == (100 + 10 + 1024) << 20
    assert int((made / "pids.max").read_text()) == 13
    assert sandbox._say(sandbox._in_cgroup(group, ["echo", "x"]), {}) == ("x\n", "")
    assert (made / "cgroup.procs").read_text().strip().isdigit()
