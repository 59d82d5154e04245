"""Every public function of rnngrade says of what type its arguments and its result are."""

import ast
from pathlib import Path

import pytest

import rnngrade
from rnngrade.exercise.new import TEMPLATE

PACKAGE = Path(rnngrade.__file__).parent
MODULES = sorted({*PACKAGE.rglob("*.py")} - {*TEMPLATE.rglob("*.py")})
TAKEN_FOR_GRANTED = {"self", "cls"}


def is_recipe(node):
    """Whether this is a formula with its mistakes.

    Its first parameter is `at`; most others are symbols of the page, and the same type at each
    of them would hide the formula.
    """
    return [argument.arg for argument in node.args.args[:1]] == ["at"]


def public(body, within=""):
    """The functions and methods that others may call."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name == "__init__" or not (node.name.startswith("_") or is_recipe(node))
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
