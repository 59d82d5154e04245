"""Solutions that test the tests of a unit: solutions/<unit>/bank/right/*.py and wrong/*.py.

A right solution earns every point. A wrong one says in its header what it loses, and what the
first of these parts is told:

    \"\"\"x_t stands before h_{t-1}.\"\"\"
    # loses: forget-gate lstm-step lstm-sequence
    # told: before(x_t, h_{t-1})

A known mistake is named by its id without "mistakes." and its fields, two of them joined by
" + "; anything else by its id alone, such as checks.shape. A solution is the text of some
functions; those that it lacks are the unit's own.
"""

import ast
import copy
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from rnngrade.errors import CourseError
from rnngrade.messages import Message

KINDS = ("right", "wrong")
_HEADER = re.compile(r"^# (loses|told): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Solution:
    """One file of a bank."""

    kind: str
    name: str
    what: str
    code: str
    loses: tuple[str, ...] = ()
    told: str = ""

    @property
    def student(self) -> str:
        """Under which name it is handed in."""
        return f"{self.kind}-{self.name}"


def read_bank(folder: Path) -> list[Solution]:
    """The solutions of a unit, the right ones first.

    Args:
        folder: solutions/<unit>.

    Raises:
        CourseError: a file is no Python, or its header does not say what it must.
    """
    paths = [path for kind in KINDS for path in sorted((folder / "bank" / kind).glob("*.py"))]
    return [read_solution(path) for path in paths]


def read_solution(path: Path) -> Solution:
    """One solution; errors as in `read_bank`."""
    text = path.read_text("utf-8")
    try:
        what = ast.get_docstring(ast.parse(text))
    except SyntaxError as error:
        raise CourseError("exercise.bank-python", path=f"{path}", text=f"{error}") from None
    said, kind = dict(_HEADER.findall(text)), path.parent.name
    if not what or (kind == "wrong") != (said.keys() == {"loses", "told"}):
        raise CourseError("exercise.bank-header", path=f"{path}")
    loses = tuple(said.get("loses", "").split())
    return Solution(kind, path.stem, what, text, loses, said.get("told", ""))


def solved(notebook: NotebookNode, source: NotebookNode, code: str) -> NotebookNode:
    """A copy of a notebook as a student would hand it in.

    Each function of `code` goes to the cell that asks for it; what else stands there goes in
    front of the first answer. Functions that it lacks, and written answers, are the source's.

    Args:
        notebook: the release, or the source.
        source: the source notebook, with the answers.
        code: the text of a solution.
    """
    answers = {c.id: c.source for c in source.cells if _is_answer(c)}
    functions = {id: text for id, text in answers.items() if _is_code(source, id)}
    cell_of = {name: id for id, text in functions.items() for name in _statements(text)}
    statements = _statements(code)
    answers |= {cell_of[name]: text for name, text in statements.items() if name in cell_of}
    helpers = [text for name, text in statements.items() if name not in cell_of]
    first = next(iter(functions))
    answers[first] = "\n\n".join([*helpers, answers[first]])
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    return notebook


def briefly(told: Message) -> str:
    """What a student is told, as the header of a wrong solution says it."""
    if told.id == "checks.only-for":
        return briefly(told["what"])
    if told.id in ("mistakes.is", "mistakes.all-are"):
        return " + ".join(map(briefly, told["mistakes"]))
    catalogue, _, name = told.id.partition(".")
    if catalogue != "mistakes":
        return told.id
    values = (briefly(v) if isinstance(v, Message) else str(v) for _, v in told.fields)
    return f"{name}({', '.join(values)})" if told.fields else name


def _is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def _is_code(notebook, id):
    return next(cell.cell_type for cell in notebook.cells if cell.id == id) == "code"


def _statements(code):
    """The top-level statements of a text: functions by name, others by number."""
    return {
        getattr(node, "name", number): ast.get_source_segment(code, node)
        for number, node in enumerate(ast.parse(code).body)
    }
