"""An IPython shell that keeps what a cell shows as a notebook keeps it.

Making it takes a while, so a warm process imports this module before it forks: `SHELL` is
there in every child.
"""

import ast
import base64
import contextlib
import dis
import io
import os
import sys
import traceback
import types
from collections.abc import Iterator
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets.config import Config

from rnngrade.execution.mended import mended
from rnngrade.execution.refused import Absent, refusal_in
from rnngrade.messages import Message, Told, message

LONGEST_QUOTE = 200


class OutOfTime(BaseException):
    """The cell or the call ran too long; no `except Exception` of the student's stops it."""

    def __init__(self, seconds: float):
        super().__init__(seconds)
        self.seconds = seconds


class Outputs(list):
    """The outputs of one cell, as nbformat has them, up to a number of bytes."""

    def __init__(self, limit: int):
        super().__init__()
        self.left = limit

    def write(self, text: str) -> None:
        """Add printed text. Errors and output are one stream: a warning is no failure."""
        if self.left <= 0:
            return
        if len(text) > self.left:
            text = f"{text[: self.left]}\n[{message('execution.cut')}]\n"
        self.left -= len(text)
        if not (self and self[-1]["output_type"] == "stream"):
            self.append({"output_type": "stream", "name": "stdout", "text": ""})
        self[-1]["text"] += text

    def add(self, output_type: str, **content: Any) -> None:
        """Add another kind of output, whole or not at all."""
        if self.left <= 0:
            return
        size = len(str(content))
        if size > self.left:
            self.left = 0
            left_out = f"[{message('execution.output-too-large')}]"
            content = {"data": {"text/plain": left_out}, "metadata": {}}
            output_type = "display_data"
        self.left -= size
        self.append({"output_type": output_type, **content})

    def tell(self, told: Message) -> None:
        """Add a sentence of ours as an error."""
        self.add("error", ename=told.id, evalue=str(told), traceback=[str(told)])


class Printed(io.TextIOBase):
    """What stands in the place of sys.stdout and sys.stderr while a cell runs."""

    def __init__(self, shell: "Shell"):
        self._shell = shell

    def write(self, text: str) -> int:
        """Keep the text with the cell that runs."""
        self._shell.outputs.write(str(text))
        return len(text)

    def writable(self) -> bool:
        """Yes."""
        return True


class _Hook(DisplayHook):
    shell: "Shell"

    def __call__(self, result=None):
        if result is not None and not self.semicolon_at_end_of_expression(self.shell.source):
            data, metadata = self.compute_format_data(result)
            self.shell.outputs.add(
                "execute_result", data=_text(data), metadata=metadata, execution_count=None
            )
            self.shell.user_ns["_"] = result


class _Publisher(DisplayPublisher):
    shell: "Shell"

    def publish(self, data, metadata=None, source=None, **_):
        self.shell.outputs.add("display_data", data=_text(data), metadata=metadata or {})

    def clear_output(self, wait=False):
        self.shell.outputs.clear()


class Shell(InteractiveShell):
    """The shell: `run` is all that its processes need.

    `trouble` is a message: what first went wrong in the present cell, or None.
    """

    displayhook_class = _Hook
    display_pub_class = _Publisher

    def run(self, source: str, limit: int) -> tuple[Outputs, BaseException | None]:
        """Run a cell.

        Returns:
            Its `Outputs`, of at most `limit` bytes, and the exception that ended it or None.
        """
        error = self._run(source, limit)
        if isinstance(error, SyntaxError) and not self._begun:
            text, notes = mended(source, self.transform_cell)
            if text:
                error = self._run(text, limit, notes)
        return self.outputs, error

    def _run(self, source, limit, notes=()):
        self.source, self.outputs, self.trouble = source, Outputs(limit), None
        self._begun = self._goes_on = False
        for note in notes:
            self.outputs.write(f"{note}\n")
        with self._printing():
            done = self.run_cell(source, store_history=False)
        return done.error_before_exec or done.error_in_exec

    def transform_cell(self, raw_cell: str) -> str:
        """Plain Python of a cell; what is plain already stays, in a tenth of the time."""
        if "\n" in raw_cell.strip():  # a single word may be a magic
            with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
                ast.parse(raw_cell)
                return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        return super().transform_cell(raw_cell)

    async def run_code(
        self,
        code_obj: types.CodeType,
        result: ExecutionResult | None = None,
        *,
        async_: bool = False,
    ) -> bool:
        """Run one statement of a cell; whether the cell ends with it.

        A line that is refused costs itself: those below it run, whatever happens in them.
        """
        self._begun = True
        try:
            if async_:
                await eval(code_obj, self.user_global_ns, self.user_ns)
            else:
                exec(code_obj, self.user_global_ns, self.user_ns)
        except BaseException as error:
            if result is not None:
                result.error_in_exec = error
            self.showtraceback()
            refusal = refusal_in(error)
            if isinstance(refusal, ImportError):
                for name in _stored(code_obj):
                    self.user_ns.setdefault(name, Absent(refusal.message))
            return not (self._goes_on and (refusal or isinstance(error, Exception)))
        return False

    def showtraceback(
        self, exc_tuple: tuple[Any, BaseException, Any] | None = None, *_: Any, **__: Any
    ) -> None:
        """Show what ended a cell: the student's own frames, or a sentence of ours."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if error is None:  # %tb asks for an earlier one, which is shown where it was raised
            return
        line, refusal = self._line(error), refusal_in(error)
        if refusal:
            self._goes_on = True
            self._note("execution.line-refused", line=line, why=refusal.message)
            told = message("execution.refused-line", line=line, why=refusal.message)
            self.outputs.tell(told)
            return
        if isinstance(error, OutOfTime):
            fields = {"line": line, "seconds": error.seconds}
            self._note("execution.cell-late", **fields)
            self.outputs.tell(message("execution.cell-too-long", **fields))
            return
        if not isinstance(error, SyntaxError):
            self._note("execution.cell-raised", line=line, what=summary(error))
        if isinstance(error, Told):
            self.outputs.tell(error.message)
            return
        self._keep_own_frames(error)
        super().showtraceback((type(error), error, error.__traceback__), tb_offset=0)

    def showsyntaxerror(
        self, filename: str | None = None, running_compiled_code: bool = False
    ) -> None:
        """Show a cell that is no Python."""
        error = sys.exc_info()[1]
        line, said = getattr(error, "lineno", None) or 1, getattr(error, "msg", "")
        self._note("execution.cell-syntax", line=line, said=f"{said or error}"[:LONGEST_QUOTE])
        super().showsyntaxerror(filename)

    def _note(self, id, **fields):
        self.trouble = self.trouble or message(id, **fields)

    def _line(self, error):
        """The line of the cell in which it happened."""
        frames = traceback.walk_tb(getattr(error, "__traceback__", None))
        return next((line for frame, line in frames if self._is_own(frame)), 1)

    def _keep_own_frames(self, error):
        """Take all frames out of a traceback but those of what the student wrote."""
        seen = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            kept = None
            for frame, line, last in reversed([*_walk(error.__traceback__)]):
                if self._is_own(frame):
                    kept = types.TracebackType(kept, frame, last, line)
            error.__traceback__ = kept
            error = error.__cause__ or error.__context__

    def _is_own(self, frame):
        name = frame.f_code.co_filename
        return name.startswith("<ipython-input") or name.startswith(f"{os.getcwd()}{os.sep}")

    @contextlib.contextmanager
    def muted(self) -> Iterator[None]:
        """Drop what is printed or shown."""
        self.outputs = Outputs(0)
        with self._printing():
            yield

    @contextlib.contextmanager
    def _printing(self):
        printed = Printed(self)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window here."""

    def ask_exit(self) -> None:
        """The process is not the cell's to end."""

    def _showtraceback(self, etype, evalue, stb):
        name = getattr(etype, "__name__", str(etype))
        self.outputs.add("error", ename=name, evalue=str(evalue), traceback=list(stb))


def python_kind(error: BaseException) -> str:
    """The name of an exception's class, or of Python's own behind a class of ours."""
    kinds = type(error).__mro__ if isinstance(error, Told) else [type(error)]
    kind = next((k for k in kinds if k.__module__ == "builtins"), kinds[0])
    return str(kind.__name__)[:80]


def first_line(error: BaseException, longest: int = LONGEST_QUOTE) -> str:
    """What an exception says, in short, whatever its class does to its text."""
    try:
        text = str(error)[:2000]
    except Exception:
        return ""
    line = (text.strip().splitlines() or [""])[0][:longest]
    return "".join(c if c.isprintable() else " " for c in line)


def summary(error: BaseException) -> str | Message:
    """An exception within a sentence: its kind, and what it says if it says anything."""
    kind, said = python_kind(error), first_line(error).rstrip(". ")
    return message("execution.exception", kind=kind, said=said) if said else kind


def _walk(trace):
    while trace:
        yield trace.tb_frame, trace.tb_lineno, trace.tb_lasti
        trace = trace.tb_next


def _stored(code):
    """The names to which a statement gives a value."""
    return [i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"]


def _text(data):
    """Pictures as a notebook holds them."""
    return {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in data.items()
    }


def _make():
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.quiet = True  # a magic that would ask, such as %reset, need not
    shell = Shell.instance(config=config)
    shell.source, shell.outputs = "", Outputs(0)
    shell.run("1 / 0", 1 << 20)  # what IPython imports at its first cell and its first error
    shell.reset(new_session=False)
    return shell


SHELL = _make()
