"""What a child does to itself before a student's code runs, and what is watched from outside.

Runs inside the sandbox. Each layer closes what the others leave open: limits bound memory and
time, Landlock the files, seccomp the system calls. None can be taken off again.

What goes wrong is told as a plain message: nothing here can put it into words.
"""

import contextlib
import ctypes
import ctypes.util
import errno
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

PlainMessage = dict[str, Any]  # as `rnngrade.messages.Message.plain` gives it
Inside = dict[str, Any]  # a box, as `rnngrade.isolation.sandbox` describes it

PR_SET_DUMPABLE = 4
MIN_LANDLOCK = 3  # before, a file could be emptied without the right to write it
MAX_FILES = 10_000  # in the child's folder: an empty file takes kernel memory too
OPEN_FILES = 256
MARGIN_MB = 64  # by which the watch lets the limit on memory come first

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PROC = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/driver/nvidia")

# System calls that a notebook does not need, by what they would be good for.
DENIED = {
    "a second process or another program": "fork vfork execve execveat",
    "other processes": """
        ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
        pidfd_open pidfd_getfd pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo tkill
        setpriority ioprio_set sched_setaffinity sched_setattr sched_setparam
        sched_setscheduler migrate_pages move_pages""",
    # What it may use is one end of a connected pair; nothing can be passed through that.
    "the network": "socket connect bind listen accept accept4 sendmsg sendmmsg",
    "another view of the machine": """
        mount umount2 pivot_root chroot unshare setns mount_setattr move_mount open_tree
        open_tree_attr fsopen fsconfig fsmount fspick statmount listmount
        name_to_handle_at open_by_handle_at""",
    "what Landlock does not cover": """
        chown fchown lchown fchownat setxattr lsetxattr fsetxattr setxattrat
        removexattr lremovexattr fremovexattr removexattrat file_setattr
        inotify_init inotify_init1 fanotify_init mknod mknodat""",
    "memory that no limit counts": """
        memfd_create memfd_secret shmget shmat semget msgget mq_open""",
    "the kernel": """
        bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
        keyctl add_key request_key personality quotactl quotactl_fd swapon swapoff acct
        init_module finit_module delete_module kexec_load kexec_file_load reboot syslog
        settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname
        iopl ioperm modify_ldt vhangup lookup_dcookie""",
}
# The numbers of the newer ones, the same on all processors: libseccomp may be older than the
# kernel. What is newer than the last of these is refused altogether.
NEWER = {
    **{"pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426},
    **{"io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430},
    **{"fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435},
    **{"pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443},
    **{"memfd_secret": 447, "process_mrelease": 448, "fchmodat2": 452, "statmount": 457},
    **{"listmount": 458, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467},
    **{"file_setattr": 469},
}
UNKNOWN = range(max(NEWER.values()) + 1, 512)
# shutil.copy sets mode and times: these calls do nothing and say that they did.
PRETENDED = """
    chmod fchmod fchmodat fchmodat2 utime utimes futimesat utimensat"""


class Trouble(Exception):
    """What keeps a process from starting, as a plain message."""

    def __init__(self, id: str, **fields: Any):
        self.plain: PlainMessage = {"id": id, **fields}
        super().__init__(f"{self.plain}")


def drop(uid: int) -> None:
    """Go on as an ordinary user with no other groups; for root, who is bound by no limit.

    Raises:
        Trouble: that user cannot read the Python installation.
    """
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if not os.access(os.__file__, os.R_OK):
        raise Trouble("isolation.python-not-readable", folder=os.path.dirname(os.__file__))


def shield(secret: bool = True) -> None:
    """Let no other process of the same user look into this one; or let it again."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(not secret), 0, 0, 0)


def close_in(box: Inside) -> None:
    """Put on all layers of a box, as `rnngrade.isolation.sandbox` describes it."""
    _limit(box)
    if "landlock" in box["layers"]:
        landlock(box["readonly"], box["work"], box["devices"], box["listed"])
    if "seccomp" in box["layers"]:
        seccomp()


def _limit(box):
    import resource

    mb = 1 << 20
    memory = "RLIMIT_AS"
    if box["cuda"]:  # CUDA reserves far more addresses than there is memory
        memory = "RLIMIT_DATA"
    limits = {
        "RLIMIT_FSIZE": box["disk_mb"] * mb,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_CORE": 1,  # byte: with 0, the kernel would still start a program that collects
        "RLIMIT_CPU": int(box["cpu_seconds"]) + 1,
    }
    if sys.platform == "linux":
        limits[memory] = _mapped() + box["memory_mb"] * mb
    if box["counts_processes"]:
        limits["RLIMIT_NPROC"] = box["processes"] + 1  # and the warm process
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    # Should the machine run out of memory, this process is the one to go.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _mapped():
    """The bytes that the process has mapped by now: what it got from the warm one."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def landlock(
    readonly: Iterable[str], work: str, devices: Iterable[str] = (), listed: Iterable[str] = ()
) -> None:
    """Reach no file but those of `readonly`, to read, and those below `work`.

    Args:
        readonly: files, and folders with all that is in them.
        work: the child's own folder.
        devices: to read and write, besides the usual ones.
        listed: folders whose names may be read, but not what is in their files.
    """
    import landlockpy

    right = landlockpy.AccessFS
    read = right.READ_FILE | right.READ_DIR
    own = read | right.WRITE_FILE | right.TRUNCATE | right.REFER
    own |= right.MAKE_REG | right.MAKE_DIR | right.MAKE_SYM
    own |= right.REMOVE_FILE | right.REMOVE_DIR
    device = right.READ_FILE | right.WRITE_FILE | right.IOCTL_DEV
    scope = landlockpy.Scope
    with landlockpy.Ruleset(scoped=scope.SIGNAL | scope.ABSTRACT_UNIX_SOCKET) as rules:

        def allow(paths, for_file, for_folder=right.NONE):
            for path in filter(os.path.exists, paths):
                rules.allow_path(path, for_folder if os.path.isdir(path) else for_file)

        allow((*readonly, *PROC), right.READ_FILE, read)
        allow((*DEVICES, *devices), device, device | read)
        allow(listed, right.NONE, right.READ_DIR)
        allow([work], right.NONE, own)
        rules.restrict()


def load_seccomp() -> ModuleType:
    """Import pyseccomp; inside the sandbox too, where nothing is there to search for libraries.

    Raises:
        ImportError, OSError: pyseccomp or its library is not there.
    """
    search = ctypes.util.find_library
    ctypes.util.find_library = lambda name: {"seccomp": "libseccomp.so.2"}.get(name)
    try:
        import pyseccomp
    finally:
        ctypes.util.find_library = search
    return pyseccomp


def seccomp() -> None:
    """Give up every system call of DENIED, now and for all threads to come."""
    call_filter().load()


def call_filter() -> Any:
    """What becomes of each system call, for libseccomp."""
    pyseccomp = load_seccomp()
    equal, unequal, masked = pyseccomp.EQ, pyseccomp.NE, pyseccomp.MASKED_EQ
    refuse, absent = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(errno.ENOSYS)
    rules, native = pyseccomp.SyscallFilter(pyseccomp.ALLOW), pyseccomp.Arch.NATIVE

    def add(action, names, *conditions):
        for name in names.split():
            number = NEWER.get(name) or pyseccomp.resolve_syscall(native, name)
            if number != -1:  # else a call of other processors
                wanted = [pyseccomp.Arg(*condition) for condition in conditions]
                rules.add_rule(action, number, *wanted)

    for names in DENIED.values():
        add(refuse, names)
    for number in UNKNOWN:
        rules.add_rule(absent, number)
    add(pyseccomp.ERRNO(0), PRETENDED)
    # A thread is a clone too. What clone3 does cannot be seen: without it, libc uses clone.
    clone_thread = 0x10000
    add(refuse, "clone", (0, masked, clone_thread, 0))
    add(absent, "clone3")
    # Of the pairs of sockets, the one kind whose ends can never be connected elsewhere.
    unix, stream, kind = 1, 1, 0xF
    add(refuse, "socketpair", (0, unequal, unix))
    for other in range(kind + 1):
        if other != stream:
            add(refuse, "socketpair", (0, equal, unix), (1, masked, kind, other))
    # Signals and limits: for itself alone.
    add(refuse, "kill tgkill", (0, unequal, os.getpid()))
    add(refuse, "prlimit64", (0, unequal, 0))
    return rules


def excess(pid: int, box: Inside) -> PlainMessage | None:
    """What the child of this pid has too much of, or None.

    The limits above stop it at once; this finds what they do not count, a little later.
    """
    fields = _status(pid)
    used = _kilobytes(fields, "RssAnon") + _kilobytes(fields, "RssShmem")
    if used > (box["memory_mb"] + box["baseline_mb"] + MARGIN_MB) << 10:
        return {"id": "isolation.too-much-memory", "mb": box["memory_mb"]}
    if int(fields.get("Threads", 1)) > box["processes"]:
        return {"id": "isolation.too-many-threads", "n": box["processes"]}
    try:
        files, size = _count(box)
    except (OSError, RecursionError):
        return {"id": "isolation.too-deep-folders"}
    if files > MAX_FILES or size > box["disk_mb"] << 20:
        return {"id": "isolation.too-many-files", "mb": box["disk_mb"], "files": MAX_FILES}
    return None


def _count(box):
    """The files in the child's folder, and their bytes as far as nothing else limits them."""
    if box["own_disk"]:
        disk = os.statvfs(box["work"])
        return disk.f_files - disk.f_ffree, 0
    files = size = 0
    for _, folders, names, descriptor in os.fwalk(box["work"]):
        files += len(folders) + len(names)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                size += found.st_blocks * 512
    return files, size


def resident() -> int:
    """Megabytes of this process that are its own and would be a child's at its start."""
    return _kilobytes(_status("self"), "RssAnon") >> 10


def _status(pid):
    """The fields of a process's status; none on other systems than Linux."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split(":", 1) for line in lines)


def _kilobytes(fields, name):
    return int(fields.get(name, "0 kB").split()[0])


def empty(folder: str) -> None:
    """Remove all that is in a folder, whatever it is.

    Raises:
        OSError, RecursionError: it cannot be done from here, so the folder itself must go.
    """
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def probe() -> None:
    """Print as JSON what is wrong with each layer here; null, if it holds."""
    troubles: dict[str, PlainMessage | None] = {}
    # Seccomp first, as Landlock would keep its library from it.
    for name, package, attempt in (
        ("seccomp", "pyseccomp", _try_seccomp),
        ("landlock", "landlockpy", _try_landlock),
    ):
        try:
            troubles[name] = attempt()
        except ImportError:
            troubles[name] = {"id": "isolation.install", "package": package}
        except OSError as error:
            troubles[name] = {"id": "isolation.does-not-work", "why": f"{error}"}
    print(json.dumps(troubles))


def _try_seccomp():
    try:
        load_seccomp()
    except OSError as error:
        return {"id": "isolation.no-libseccomp", "why": f"{error}"}
    seccomp()
    return None if _refused(socket.socket) else {"id": "isolation.lets-all-pass"}


def _try_landlock():
    import landlockpy

    version = landlockpy.abi_version()
    if version < MIN_LANDLOCK:
        return {"id": "isolation.old-landlock", "version": version, "wanted": MIN_LANDLOCK}
    landlock([], "/usr")
    return None if _refused(lambda: os.listdir("/")) else {"id": "isolation.lets-all-pass"}


def _refused(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
