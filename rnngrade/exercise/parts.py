"""A part of a unit is declared once: from that follow docstring, table, cases and hidden test.

The front matter of a unit says what its symbols are, each with its shape:

    rnngrade:
      library: torch
      symbols:
        x_t: [B I, "$x_t$, the input"]
        W_f W_i: [H H+I, "$W_f, W_i$"]

A solution cell declares its part, and the cell of its visible checks belongs to it:

    :part: {points: 1, gives: [f_t], reference: rnnlib.gate, mistakes: [gate]}
    :check: forget_gate

What a part takes is what its function takes. `{shapes}` in a docstring and `{symbols}` in the
text become the shapes and the table.
"""

import ast
import importlib
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from rnngrade.checks.arrays import LIBRARIES
from rnngrade.checks.cases import SIZES, cases, letters_of
from rnngrade.checks.comparison import Comparison
from rnngrade.checks.verdict import AuthorError
from rnngrade.errors import CourseError
from rnngrade.messages import ENGLISH, language, message

WIDTH = 88  # of what is generated
SETTINGS = len(SIZES["T"])
# Letters with sums and multiples, separated by spaces; then a rule for what is no real number.
_SHAPE = re.compile(
    r"(\d*[A-Z](\+\d*[A-Z])*( \d*[A-Z](\+\d*[A-Z])*)*)?( ?(<=?) ?[A-Z]| ?\?| ?> 0)?"
)
AUTHORS = ("library", "sizes", "symbols")  # settings that no grader needs


@dataclass(frozen=True)
class Symbols:
    """What the symbols of a unit mean, and which library its arrays are of.

    `shapes` maps each name to its symbolic shape; `rows` are those of the table: names, shape
    and meaning.
    """

    library: str = "torch"
    shapes: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[tuple[str, str, str]] = ()
    sizes: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def table(self) -> str:
        """The table for the text."""
        head = ("exercise.table-page", "exercise.table-code", "exercise.table-shape")
        lines = [" | ".join(str(message(id)) for id in head), "--- | --- | ---"]
        for names, shape, meaning in self.rows:
            code = ", ".join(f"`{name}`" for name in names.split())
            lines.append(f"{meaning} | {code} | {_tuple(shape)}")
        return "\n".join(f"| {line} |" for line in lines)


@dataclass(frozen=True)
class Part:
    """What a solution cell declares, and what its function says."""

    name: str
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    points: float
    reference: str = ""
    mistakes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The grade_id of its answer; that of its checks ends in -test."""
        return self.name.replace("_", "-")


def read_symbols(settings: Mapping[str, Any]) -> Symbols:
    """The symbols of a unit from its front matter.

    Raises:
        CourseError: a library, a size or a symbol that is not understood.
    """
    library = settings.get("library", "torch")
    sizes, symbols = (_mapping(settings, name) for name in ("sizes", "symbols"))
    if library not in LIBRARIES:
        raise CourseError("exercise.library", got=f"{library}", known=", ".join(LIBRARIES))
    for letter, numbers in sizes.items():
        if not _are_sizes(letter, numbers):
            raise CourseError("exercise.sizes", letter=f"{letter}", n=SETTINGS)
    rows, known = [], {*SIZES, *sizes}
    for names, told in symbols.items():
        if not (isinstance(told, list) and len(told) == 2):
            raise CourseError("exercise.symbol", names=f"{names}")
        shape = str(told[0])
        if not _SHAPE.fullmatch(shape):
            raise CourseError("exercise.shape", names=f"{names}", shape=shape)
        if unknown := letters_of(shape) - known:
            raise CourseError("exercise.letter", names=f"{names}", letter=min(unknown))
        rows.append((f"{names}", shape, str(told[1])))
    shapes = {name: shape for names, shape, _ in rows for name in names.split()}
    return Symbols(library, shapes, tuple(rows), sizes)


def read_part(declared: Mapping[str, Any], source: str, symbols: Symbols) -> Part:
    """The part that a solution cell declares.

    Args:
        declared: what stands behind `:part:`.
        source: of the cell.
        symbols: of the unit.

    Raises:
        CourseError: something is missing or unknown.
    """
    function = next((n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef)), None)
    if function is None:
        raise CourseError("exercise.no-function", cell=source.split("\n", 1)[0])
    known = {f.name for f in fields(Part)} - {"name", "takes"}
    if not isinstance(declared, Mapping):
        raise CourseError(
            "exercise.part-form", part=function.name, known=", ".join(sorted(known))
        )
    for key in ("gives", "mistakes"):
        if not isinstance(declared.get(key, []), list):
            raise CourseError("exercise.part-list", part=function.name, key=key)
    if unknown := set(declared) - known:
        known_names = ", ".join(sorted(known))
        fields_ = {"part": function.name, "key": min(unknown), "known": known_names}
        raise CourseError("exercise.part-key", **fields_)
    points, gives = declared.get("points"), tuple(declared.get("gives", ()))
    if isinstance(points, bool) or not (isinstance(points, int | float) and points > 0):
        raise CourseError("exercise.no-points", cell=function.name)
    if not gives:
        raise CourseError("exercise.no-outputs", part=function.name)
    takes = tuple(argument.arg for argument in function.args.args)
    for name in (*takes, *gives):
        if name not in symbols.shapes:
            raise CourseError("exercise.no-symbol", part=function.name, name=name)
    mistakes = tuple(declared.get("mistakes", ()))
    _check_mistakes(function.name, mistakes, takes)
    part = Part(function.name, takes, gives, points, declared.get("reference", ""), mistakes)
    if part.reference:
        _check_reference(part, symbols)
    return part


def shapes_of(part: Part, symbols: Symbols) -> str:
    """What a docstring says of the arguments and outputs: "x_t (B, I) -> h_t (B, H)"."""
    sides = (_grouped(names, symbols.shapes) for names in (part.takes, part.gives))
    return " -> ".join(sides)


def with_shapes(source: str, part: Part, symbols: Symbols) -> str:
    """The text of a solution cell with its shapes."""
    text = shapes_of(part, symbols)

    def filled(found):
        indent = found[1]
        return textwrap.fill(
            text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        )

    return re.sub(r"^([ \t]*)\{shapes\}$", filled, source, flags=re.MULTILINE)


def test_of(part: Part, symbols: Symbols, visible: str) -> str:
    """The text of a test cell: the part, its visible checks, its hidden test."""
    used = letters_of(" ".join(symbols.shapes[name] for name in (*part.takes, *part.gives)))
    options = {
        "takes": {name: symbols.shapes[name] for name in part.takes},
        "gives": {name: symbols.shapes[name] for name in part.gives},
        "mistakes": list(part.mistakes),
        "sizes": {k: list(v) for k, v in symbols.sizes.items() if k in used},
        "library": symbols.library,
    }
    imports, visible = _imports(visible)
    speaks = [] if language() == ENGLISH else [f"check.use_language({_code(language())})"]
    lines = [
        *imports,
        "from rnngrade import check",
        "",
        *speaks,
        "part = check.Part(",
        f"    {part.name},",
    ]
    for name, value in options.items():
        if value:
            lines += _keyword(name, value)
    text = "\n".join([*lines, ")", "", visible.strip("\n")])
    if not part.reference:
        return text
    return (
        f"{text}\n### BEGIN HIDDEN TESTS\nimport {part.reference.rpartition('.')[0]}\n\n"
        f"part.compare({part.reference})\n### END HIDDEN TESTS"
    )


def _imports(text):
    """What a text imports at its beginning, and the rest of it."""
    found = re.match(r"((?:(?:import|from) [^\n]*\n)*)(.*)", text, re.DOTALL)
    assert found  # as in any text
    return [*found[1].split("\n")[:-1], *([""] if found[1] else [])], found[2]


def _keyword(name, value):
    whole = f"    {name}={_code(value)},"
    if len(whole) <= WIDTH:
        return [whole]
    rows = textwrap.wrap(
        ", ".join(f"{_code(k)}:{_code(v)}".replace(" ", "\0") for k, v in value.items()),
        WIDTH - 8,
        break_long_words=False,
        break_on_hyphens=False,
    )
    rows = [f"        {row},".replace(",,", ",") for row in rows]
    return [
        f"    {name}={{",
        *(re.sub(r'":"', '": "', r).replace("\0", " ") for r in rows),
        "    },",
    ]


def _code(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_code(k)}: {_code(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_code, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _grouped(names, shapes):
    """Names with their shapes, those of one shape together."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(shapes[name], []).append(name)
    return ", ".join(f"{', '.join(group)} {_tuple(shape)}" for shape, group in groups.items())


def _tuple(symbols):
    """A symbolic shape as Python writes a shape: "H H+I" is (H, H + I)."""
    shape = re.split("[<>?]", symbols)[0]
    rule = symbols.removeprefix(shape)
    if not shape.strip() and rule:  # a plain number
        return rule
    members = [member.replace("+", " + ") for member in shape.split()]
    return f"({members[0]},)" if len(members) == 1 else f"({', '.join(members)})"


def _mapping(settings, name):
    value = settings.get(name, {})
    if not isinstance(value, Mapping):
        raise CourseError("exercise.setting-form", name=name)
    return value


def _are_sizes(letter, numbers):
    """Five whole numbers, not all alike, for one capital letter."""
    return (
        isinstance(letter, str)
        and bool(re.fullmatch("[A-Z]", letter))
        and isinstance(numbers, list)
        and len(numbers) == SETTINGS
        and all(type(number) is int and number > 0 for number in numbers)
        and len(set(numbers)) > 1
    )


def _check_mistakes(part, mistakes, takes):
    from rnngrade.misconceptions import FAMILIES  # only where a part has any

    for name in mistakes:
        if name not in FAMILIES:
            raise CourseError("exercise.mistakes", part=part, name=f"{name}")
        family = FAMILIES[name]
        if family.bind(takes) is None:
            wants = ", ".join(family.parameters)
            raise CourseError("exercise.mistakes-of", part=part, name=name, wants=wants)


def _check_reference(part, symbols):
    """A reference that is there, takes what the part takes, and gives what it gives."""
    module, _, name = str(part.reference).rpartition(".")
    try:
        reference = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        fields_ = {"part": part.name, "reference": f"{part.reference}"}
        raise CourseError("exercise.reference", **fields_) from None
    takes = {name: symbols.shapes[name] for name in part.takes}
    gives = {name: symbols.shapes[name] for name in part.gives}
    drawn = cases(part.name, sizes=symbols.sizes, library="numpy", **takes)
    try:
        Comparison(reference, reference, gives, on_numpy=True).trials(drawn[:1])
    except AuthorError as error:
        raise CourseError("exercise.in-part", part=part.name, what=error.message) from None
