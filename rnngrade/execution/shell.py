"""An IPython shell that keeps what a cell shows as a notebook keeps it.

Making it takes a while, so a warm process imports this module before it forks: `SHELL` is
there in every child.
"""

import base64
import contextlib
import io

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CUT = "\n[more was printed: it is cut off here]\n"


class Outputs(list):
    """The outputs of one cell, as nbformat has them, up to a number of bytes."""

    def __init__(self, limit):
        super().__init__()
        self.left = limit

    def write(self, text):
        """Add printed text. Errors and output are one stream: a warning is no failure."""
        if self.left <= 0:
            return
        if len(text) > self.left:
            text = text[: self.left] + CUT
        self.left -= len(text)
        if not (self and self[-1]["output_type"] == "stream"):
            self.append({"output_type": "stream", "name": "stdout", "text": ""})
        self[-1]["text"] += text

    def add(self, output_type, **content):
        """Add another kind of output, whole or not at all."""
        if self.left <= 0:
            return
        size = len(str(content))
        if size > self.left:
            self.left = 0
            content = {"data": {"text/plain": "[this output is too large]"}, "metadata": {}}
            output_type = "display_data"
        self.left -= size
        self.append({"output_type": output_type, **content})


class Printed(io.TextIOBase):
    """What stands in the place of sys.stdout and sys.stderr while a cell runs."""

    def __init__(self, shell):
        self._shell = shell

    def write(self, text):
        """Keep the text with the cell that runs."""
        self._shell.outputs.write(str(text))
        return len(text)

    def writable(self):
        """Yes."""
        return True


class _Hook(DisplayHook):
    def __call__(self, result=None):
        quiet = self.semicolon_at_end_of_expression(self.shell.source)
        if result is not None and not quiet:
            data, metadata = self.shell.display_formatter.format(result)
            self.shell.outputs.add(
                "execute_result", data=_text(data), metadata=metadata, execution_count=None
            )
            self.shell.user_ns["_"] = result


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, **_):
        self.shell.outputs.add("display_data", data=_text(data), metadata=metadata or {})

    def clear_output(self, wait=False):
        self.shell.outputs.clear()


class Shell(InteractiveShell):
    """The shell: `run` is all that its processes need."""

    displayhook_class = _Hook
    display_pub_class = _Publisher

    def run(self, source, limit):
        """Run a cell.

        Returns:
            Its `Outputs`, of at most `limit` bytes, and the exception that ended it or None.
        """
        self.source, self.outputs = source, Outputs(limit)
        with self._printing():
            done = self.run_cell(source, store_history=False)
        return self.outputs, done.error_before_exec or done.error_in_exec

    @contextlib.contextmanager
    def quiet(self):
        """Drop what is printed or shown."""
        self.outputs = Outputs(0)
        with self._printing():
            yield

    @contextlib.contextmanager
    def _printing(self):
        printed = Printed(self)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield

    def enable_gui(self, gui=None):
        """There is no window here."""

    def ask_exit(self):
        """`exit` and `quit` end a cell, not the process."""

    def _showtraceback(self, etype, evalue, stb):
        name = getattr(etype, "__name__", str(etype))
        self.outputs.add("error", ename=name, evalue=str(evalue), traceback=list(stb))


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
    shell = Shell.instance(config=config)
    shell.source, shell.outputs = "", Outputs(0)
    shell.run("1 / 0", 1 << 20)  # what IPython imports at its first cell and its first error
    shell.reset(new_session=False)
    return shell


SHELL = _make()
