"""Which files a student's code sees: Python's, its libraries', and those of its box."""

import functools
import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from rnngrade.errors import CourseError

LIBRARIES = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives"),
    *("/etc/localtime", "/usr/share/zoneinfo"),
)


class Shown(Protocol):
    """What is asked of a `rnngrade.isolation.sandbox.Box` here."""

    @property
    def readonly(self) -> tuple[str, ...]:
        """Files and folders to be seen."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Packages that are not to be seen."""

    @property
    def cuda(self) -> bool:
        """Whether a GPU is to be seen."""


def seen(box: Shown) -> list[str]:
    """The files and folders that are shown, each with all that is in it."""
    hardware = ["/sys"] if box.cuda else []
    return _outermost([*python(), *hardware, *_own_files(box)])


def hidden(box: Shown) -> list[str]:
    """The files and folders of packages that lie in the Python installation."""
    sites = dict.fromkeys(map(os.path.realpath, _sites()))  # as a link leads past a mask
    paths = [f"{site}/{name}" for site in sites for name in box.hidden]
    return [path for stem in paths for path in (stem, f"{stem}.py") if os.path.exists(path)]


def packages(box: Shown) -> list[str]:
    """The packages of which the box shows a part: Python lists a folder to find a module."""
    heads = [path for path in _own_files(box) if os.path.basename(path) == "__init__.py"]
    return [os.path.dirname(path) for path in heads]


def unhidden(box: Shown, hidden: Sequence[str]) -> list[str]:
    """What is to be seen of the packages that are hidden."""
    return [path for path in map(os.path.realpath, _own_files(box)) if within(path, hidden)]


def without(path: str, hidden: Sequence[str]) -> list[str]:
    """The path, or what lies below it without what is hidden: Landlock cannot take back."""
    if within(path, hidden):
        return []
    if not any(within(each, [path]) for each in hidden):
        return [path]
    return [
        below
        for each in os.scandir(path)
        if not each.is_symlink()  # for Landlock, a file is where it really is
        for below in without(each.path, hidden)
    ]


def import_path() -> list[str]:
    """Where this process finds modules, in its order; this package too, however installed."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [os.path.abspath(path) for path in sys.path if os.path.isdir(path)]
    return list(dict.fromkeys([*paths, package]))


def _own_files(box):
    """What of this package a warm process needs, and what the box adds."""
    own = module_files("rnngrade.isolation.forkserver", "rnngrade.isolation.confine")
    return [*own, *box.readonly]


@functools.cache
def python() -> tuple[str, ...]:
    """The folders of the Python installation and of the libraries that it is linked to."""
    real = Path(os.path.realpath(sys.executable)).parents[1]
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, str(real)}
    paths = [
        f"{prefix}/{name}" for prefix in prefixes for name in ("lib", "lib64", "pyvenv.cfg")
    ]
    paths += _sites()
    paths += os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    paths += [os.path.realpath(path) for path in paths if path]  # where links lead
    return tuple(_outermost([*paths, *LIBRARIES]))


def _sites():
    return [path for path in sys.path if path.endswith(("/site-packages", "/dist-packages"))]


def links(program: str) -> tuple[dict[str, str], str]:
    """The symbolic links on the way to a program, and the file at their end.

    Python finds its libraries by where its program is, so a link must stay one.
    """
    found = {}
    while os.path.islink(program):
        found[program] = os.readlink(program)
        program = os.path.normpath(os.path.join(os.path.dirname(program), found[program]))
    return found, program


def module_files(*names: str) -> tuple[str, ...]:
    """The files of these modules and of the packages above them: what `readonly` needs.

    Raises:
        CourseError: there is no such module.
    """
    files = {}
    for name in names:
        parts = name.split(".")
        for count in range(1, len(parts) + 1):
            above = ".".join(parts[:count])
            spec = importlib.util.find_spec(above)
            if spec is None:
                raise CourseError("isolation.no-module", name=above)
            if spec.origin and spec.has_location:  # else built in, or a folder of packages
                files[spec.origin] = True
    return tuple(files)


def _outermost(paths):
    """Those that exist, without those that lie within another."""
    kept: list[str] = []
    for path in sorted(filter(os.path.isabs, set(paths))):
        if os.path.exists(path) and not within(path, kept):
            kept.append(path)
    return kept


def within(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these files and folders, or lies in one."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
