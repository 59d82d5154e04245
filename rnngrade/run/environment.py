"""What executes and tests a submission: versions of packages, and the code that is loaded.

Of this repository only those modules count that can be reached: through imports, wherever they
stand, and through the names of modules in strings, by which processes are started and
preloaded. Comments and docstrings do not count.
"""

import ast
import importlib.util
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from rnngrade.digests import digest, digest_of_files
from rnngrade.execution.job import Job

ROOT = Path(__file__).parents[2]
OWN = ("rnngrade", "rnnlib")
# What may change a grade; a new version of anything else grades nobody again.
PACKAGES = ("torch", "numpy", "array-api-compat", "matplotlib", "ipython")
EXECUTES = "rnngrade.execution.execute"
DATA = "rnnlib.datasets"

_OWN_NAME = re.compile(rf"\b(?:{'|'.join(OWN)})(?:\.\w+)*\b")


def loaded_by(job: Job) -> tuple[str, ...]:
    """The modules from which all that executes a job can be reached."""
    return _loaded_by(job.policy.allows, tuple(test.source for test in job.tests))


@cache  # the same for all of a unit
def _loaded_by(allows, sources):
    allowed = [name for each in allows for name in _with_submodules(each)]
    tested = [name for source in sources for name in _taken_by(source)]
    return (EXECUTES, *sorted({*allowed, *tested}))


@cache
def environment(
    loaded: tuple[str, ...], packages: tuple[str, ...] = PACKAGES
) -> dict[str, str]:
    """What there is: name → version, of this repository's own two name → hash.

    Args:
        loaded: names of modules; what they load counts too.
        packages: names of distributions.
    """
    modules = reachable(loaded)
    versions = {name: metadata.version(name) for name in (*packages, *_others(loaded))}
    own = {}
    for package in OWN:
        code = {
            name: module.code
            for name, module in modules.items()
            if name.partition(".")[0] == package
        }
        own[package] = digest({**code, "data": _data(modules) if package in DATA else ""})[:16]
    return {"python": platform.python_version(), **versions, **own}


@dataclass(frozen=True)
class Module:
    """What there is to know of a module: what it loads, and a hash of what it does."""

    loads: tuple[str, ...]
    code: str


def reachable(names: Iterable[str]) -> dict[str, Module]:
    """The modules of this repository that these load, themselves included, by name."""
    found: dict[str, Module] = {}
    ahead = [*names]
    while ahead:
        name = ahead.pop()
        path = _file(name)
        if name in found or path is None:
            continue
        found[name] = _read(name, path)
        ahead += [name.rpartition(".")[0], *found[name].loads]
    return dict(sorted(found.items()))


def _file(name: str) -> Path | None:
    """The file of a module of this repository, or None."""
    if name.partition(".")[0] not in OWN:
        return None
    place = ROOT.joinpath(*name.split("."))
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


@cache
def _read(name: str, path: Path) -> Module:
    tree = ast.parse(path.read_bytes())
    for node in _docstrings(tree):
        node.value = ""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    loads = {*_imported(tree, package), *_named(tree)}
    return Module(tuple(sorted(loads)), digest(ast.dump(tree)))


def _imported(tree: ast.AST, package: str = "") -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            above = importlib.util.resolve_name(f"{dots}{node.module or ''}", package)
            yield above
            yield from (f"{above}.{alias.name}" for alias in node.names)


def _named(tree: ast.AST) -> Iterator[str]:
    """The names of modules of ours in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _OWN_NAME.findall(node.value)


def _taken_by(source: str) -> list[str]:
    """The modules that the text of a cell names, be it Python or not quite."""
    try:
        return [*_imported(ast.parse(source))]
    except SyntaxError:  # a magic command
        return re.findall(r"^[ \t]*(?:import|from)[ \t]+([\w.]+)", source, re.MULTILINE)


def _with_submodules(name: str) -> list[str]:
    """A module, and all that lie in it if it is a package: a student may import any."""
    path = _file(name)
    if path is None or path.name != "__init__.py":
        return [name]
    below = (each.relative_to(ROOT).with_suffix("") for each in path.parent.rglob("*.py"))
    return [".".join(each.parts).removesuffix(".__init__") for each in below]


def _others(loaded: Iterable[str]) -> list[str]:
    """The distributions, besides PACKAGES, from which tests import."""
    heads = {name.partition(".")[0] for name in loaded} - {*OWN, *sys.stdlib_module_names}
    heads -= {"torch", "numpy", "array_api_compat", "matplotlib", "IPython"}
    if not heads:
        return []
    known = metadata.packages_distributions()
    return sorted({name for head in heads for name in known.get(head, ())})


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """What code says about itself."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, kinds) and node.body and isinstance(node.body[0], ast.Expr):
            text = node.body[0].value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text


def _data(modules: Iterable[str]) -> str:
    """The hash of the data that come with the course, for those who may read them."""
    if DATA not in modules:
        return ""
    folder = ROOT.joinpath(*DATA.split("."))
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    return digest_of_files(files)
