"""Every public function of these rooms says of what type its arguments and its result are."""

import ast
from pathlib import Path

import pytest

import rnngrade

PACKAGE = Path(rnngrade.__file__).parent
# Those that `ignore_errors` names in pyproject.toml are to follow.
ROOMS = ("course", "isolation", "reports", "run")
LATER = ("course/feedback.py", "course/markup.py")
MODULES = sorted(
    {*PACKAGE.glob("*.py"), *(path for room in ROOMS for path in PACKAGE.glob(f"{room}/*.py"))}
    - {PACKAGE / name for name in (*LATER, "check.py")}
)
TAKEN_FOR_GRANTED = {"self", "cls"}


def public(body, within=""):
    """The functions and methods that others may call."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and (
            node.name == "__init__" or not node.name.startswith("_")
        ):
            yield f"{within}{node.name}", node


def lacks(node):
    """What has no type."""
    told = node.args
    arguments = [*told.posonlyargs, *told.args, *told.kwonlyargs, told.vararg, told.kwarg]
    for argument in filter(None, arguments):
        if argument.annotation is None and argument.arg not in TAKEN_FOR_GRANTED:
            yield argument.arg
    if node.returns is None and node.name != "__init__":
        yield "return"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.relative_to(PACKAGE)}")
def test_public_functions_have_types(path):
    tree = ast.parse(path.read_text("utf-8"))
    found = {name: [*lacks(node)] for name, node in public(tree.body)}
    assert {name: missing for name, missing in found.items() if missing} == {}
