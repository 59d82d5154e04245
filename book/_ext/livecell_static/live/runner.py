"""Run a cell in the browser as a notebook would; worker.mjs calls the three functions."""

import ast
import contextlib
import io
import linecache
import sys
import traceback
from pathlib import Path

LIBRARY = Path("/library")
sys.path.append(str(LIBRARY))
namespace = {"__name__": "__main__"}


class Stream(io.TextIOBase):
    """Pass what is printed on to the page."""

    def __init__(self, name, send):
        self.name, self.send = name, send

    def write(self, text):
        """Send the text at once."""
        self.send(self.name, text)
        return len(text)


def run(code, name, send):
    """Run a cell and show its last value, unless a semicolon follows; tell if it went well."""
    linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
    streams = contextlib.ExitStack()
    streams.enter_context(contextlib.redirect_stdout(Stream("out", send)))
    streams.enter_context(contextlib.redirect_stderr(Stream("err", send)))
    with streams:
        try:
            value = _execute(code, name)
            if value is not None and not code.rstrip().endswith(";"):
                print(repr(value))
        except BaseException as error:  # SystemExit too: a cell must not end the worker
            _report(error, name)
            return False
    return True


def _execute(code, name):
    body = ast.parse(code, name).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    _compiled = compile(ast.Module(body, []), name, "exec", dont_inherit=True)
    exec(_compiled, namespace)
    if last is not None:
        expression = ast.Expression(last.value)
        return eval(compile(expression, name, "eval", dont_inherit=True), namespace)
    return None


def _report(error, name):
    """Print the traceback, the reader's own lines only."""
    report = traceback.TracebackException.from_exception(error)
    cell = name.rpartition(" ")[0]
    own = [frame for frame in report.stack if frame.filename.startswith(cell)]
    report.stack = traceback.StackSummary.from_list(own)
    print("".join(report.format(chain=False)), end="", file=sys.stderr)


def figures():
    """Return the open Matplotlib figures as SVG and close them."""
    plt = sys.modules.get("matplotlib.pyplot")
    drawn = []
    for number in plt.get_fignums() if plt else []:
        picture = io.StringIO()
        plt.figure(number).savefig(picture, format="svg", bbox_inches="tight")
        drawn.append(picture.getvalue())
        plt.close(number)
    return drawn


def imports(code):
    """Return the modules that the code needs, looking into the library as well."""
    names, unread = set(), [code]
    while unread:
        for name in _imported(unread.pop()) - names:
            names.add(name)
            path = LIBRARY.joinpath(*name.split("."))
            files = (path.with_suffix(".py"), path / "__init__.py")
            unread += [file.read_text("utf-8") for file in files if file.is_file()]
    return sorted(names)


def _imported(code):
    with contextlib.suppress(SyntaxError):
        nodes = list(ast.walk(ast.parse(code)))
        plain = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        froms = [n for n in nodes if isinstance(n, ast.ImportFrom) and not n.level]
        return plain | {name for n in froms for name in _of(n)}
    return set()


def _of(node):
    return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
