"""What a notebook cannot do where it is graded: start programs, install, ask, go on line, exit.

Each is refused at the line that tries, in words that a student understands, and costs that
line alone. This is for honest work: the sandbox holds without it.
"""

import importlib.abc
import importlib.machinery
import re
import sys
import types
from typing import Any, NoReturn

from IPython.core.interactiveshell import InteractiveShell

from rnngrade.messages import Message, Told

PROGRAM, NETWORK = "execution.no-program", "execution.no-network"
EVENTS = {  # of Python's audit hooks
    **dict.fromkeys(("os.system", "os.exec", "os.posix_spawn", "os.spawn"), PROGRAM),
    **dict.fromkeys(("os.fork", "os.forkpty", "pty.spawn", "subprocess.Popen"), PROGRAM),
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.sendto"), NETWORK),
    **dict.fromkeys(("socket.getaddrinfo", "socket.gethostbyname"), NETWORK),
    **dict.fromkeys(("socket.gethostbyaddr", "urllib.Request"), NETWORK),
    "builtins.input": "execution.no-input",
}
# Magics whose cell or line is a program of another language.
PROGRAMS = (
    "bash",
    "sh",
    "script",
    "perl",
    "ruby",
    "python",
    "python2",
    "python3",
    "pypy",
    "sx",
)
COMMANDS = ("system", "system_piped", "system_raw", "getoutput")  # a line with !
INSTALLS = re.compile(r"(pip3?|conda|mamba|micromamba|uv|apt|apt-get)\b.*\sinstall\b")
INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
COLAB = "google.colab"


class Refused(Told):
    """A line tried what is not possible here; the message says what."""


class RefusedCall(Refused, PermissionError):
    """To a library, it is what the sandbox would have said."""


class RefusedImport(Refused, ModuleNotFoundError):
    """To a program that looks where it runs, it is an answer."""


class Absent:
    """What a refused import would have brought: each use of it is refused likewise."""

    def __init__(self, why: Message):
        self._why = why

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise RefusedCall(self._why)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse."""
        raise RefusedCall(self._why)


def refuse(shell: InteractiveShell) -> None:
    """Refuse all of these from now on, in this process and its shell."""
    sys.addaudithook(_audit)
    if "google" not in sys.modules:
        sys.meta_path.append(_Colab())
    replaced = {**dict.fromkeys(COMMANDS, _refuse_command), "ask_exit": _refuse_exit}
    for name, refusal in replaced.items():
        setattr(shell, name, refusal)
    magics = shell.magics_manager
    for kind in ("line", "cell"):
        for name in PROGRAMS:
            magics.register_function(_refuse_magic, kind, name)
    for name in INSTALLERS:
        magics.register_function(_refuse_install, "line", name)
    # IPython's own would give up the whole cell. The line number stays what it was.
    magics.register_function(
        lambda line, cell: shell.run_cell(f"\n{cell}") and None, "cell", "time"
    )


def refusal_in(error: BaseException | None) -> Refused | None:
    """The refusal behind an error, which a library may have wrapped in one of its own."""
    seen = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Refused):
            return error
        if isinstance(error, SystemExit):
            return RefusedCall("execution.no-exit")
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _audit(event, arguments):
    if event in EVENTS:
        raise RefusedCall(EVENTS[event])


def _refuse_command(command="", *_, **__):
    raise RefusedCall("execution.no-install" if INSTALLS.search(str(command)) else PROGRAM)


def _refuse_magic(line, cell=""):
    raise RefusedCall(PROGRAM)


def _refuse_install(line):
    raise RefusedCall("execution.no-install")


def _refuse_exit():
    raise RefusedCall("execution.no-exit")


class _Colab(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds Colab's own package, where nothing else has, in order to refuse it by name."""

    def find_spec(self, name, path=None, target=None):
        """Only for `google`, if it is not installed, and for what is Colab's in it."""
        if name == COLAB or name.startswith(f"{COLAB}."):
            raise RefusedImport("execution.no-colab", name=name)
        if name == "google":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        """An empty package."""
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        """There is nothing to run."""
