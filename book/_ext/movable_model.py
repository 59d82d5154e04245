"""What a movable figure computes: a recurrence, written once in its TOML file.

A formula is parsed here into a tree of lists, ["tanh", ["*", "w", "x"]]. Python walks the
tree for the still picture in the page, movable.js walks the same tree when a reader moves
a slider. So no formula stands twice, and neither side evaluates text as code.
"""

import ast
import math
import operator
import tomllib

OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
APPLY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "tanh": math.tanh,
}


def load(path):
    """Read a figure and parse its formulas."""
    figure = tomllib.loads(path.read_text("utf-8"))
    figure["gradient"] = parse(figure["gradient"])
    figure["curves"] = {name: parse(text) for name, text in figure["curves"].items()}
    return figure


def parse(formula):
    """Turn "w * tanh(x)" into ["*", "w", ["tanh", "x"]]."""
    return _tree(ast.parse(formula, mode="eval").body)


def _tree(node):
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return name
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return [OPERATORS[type(op)], _tree(left), _tree(right)]
        case ast.Call(func=ast.Name(id="tanh"), args=[argument]):
            return ["tanh", _tree(argument)]
    raise ValueError(f"movable: no such thing in a formula: {ast.unparse(node)}")


def evaluate(tree, values):
    """Return the value of a parsed formula."""
    match tree:
        case str(name):
            return values[name]
        case [name, *arguments]:
            return APPLY[name](*(evaluate(argument, values) for argument in arguments))
    return tree


def defaults(figure):
    """Return the sliders' values and the inputs that the figure starts with."""
    first = figure["input"]["first"]
    inputs = first + [0] * (figure["steps"] - len(first))
    return {name: slider["value"] for name, slider in figure["sliders"].items()}, inputs


def run(figure, sliders, inputs):
    """Run the recurrence from zero: ({curve: values}, ∂s_T / ∂s_1 of the state s)."""
    now = {**sliders, **dict.fromkeys(figure["curves"], 0.0)}
    curves = {name: [] for name in figure["curves"]}
    gradient = 1.0
    for t, value in enumerate(inputs, start=1):
        now[figure["input"]["name"]] = value
        for name, formula in figure["curves"].items():
            now[name] = evaluate(formula, now)
            curves[name].append(now[name])
        if t > 1:
            gradient *= evaluate(figure["gradient"], now)
    return curves, gradient
