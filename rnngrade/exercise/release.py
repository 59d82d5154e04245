"""Derive what students get: solutions/<unit>/<unit>.md → exercises/<unit>/<unit>.ipynb.

nbgrader itself takes out the answers and the hidden tests, configured by the course's
nbgrader_config.py but without a gradebook: an instructor's own is never touched.
"""

import shutil
import tempfile
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from rnngrade.exercise.source import CourseError, read_source


def release(root, units=()):
    """Write the source notebook and the release of each unit, or of all.

    A release is made aside and then renamed into its place: it is there whole or not at all.

    Args:
        root: the root of the course.
        units: names of units; none means all.

    Returns:
        The paths of the notebooks for students.

    Raises:
        CourseError: for an unknown unit or a source that cannot be released.
    """
    written = []
    for unit in _units(root, units):
        with _workshop(root) as workshop:
            made = derive(root, unit, workshop)
            source = f"solutions/{unit}/{unit}.ipynb"
            (workshop / source).replace(root / source)
            place = root / "exercises" / unit
            place.parent.mkdir(exist_ok=True)
            if place.exists():
                place.rename(workshop / "old")
            made.rename(place)
            written.append(place / f"{unit}.ipynb")
    return written


def check(root, units=()):
    """Derive each unit anew and compare with what is in exercises/.

    Args:
        root: the root of the course.
        units: names of units; none means all, and then no folder may be there without a
            source.

    Raises:
        CourseError: for the first file that differs, is missing or is too many: a sentence
            with its name, then the difference.
    """
    for unit in _units(root, units):
        with _workshop(root) as workshop:
            made = derive(root, unit, workshop)
            _compare(root / "exercises" / unit, made, unit)
    known = set(_units(root, ()))
    for folder in sorted((root / "exercises").glob("[!.]*")) if not units else ():
        if folder.name not in known:
            raise CourseError(f"exercises/{folder.name} has no source in solutions/.")


def derive(root, unit, workshop):
    """Make the release of one unit in another folder, and return the path it has there."""
    source = workshop / "solutions" / unit
    shutil.copytree(root / "solutions" / unit, source)
    notebook = read_source(root / "solutions" / unit / f"{unit}.md")
    nbformat.write(notebook, source / f"{unit}.ipynb")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(workshop)
    config.CourseDirectory.assignment_id = unit
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    except NbGraderException as error:
        raise CourseError(f"nbgrader cannot release {unit}: {error}") from error
    return workshop / "exercises" / unit


def _units(root, units):
    """The units asked for, or all, once it is clear that each has a source."""
    if not (root / "nbgrader_config.py").exists():
        raise CourseError(f"{root} is not the root of the course: no nbgrader_config.py here.")
    there = sorted(p.stem for p in root.glob("solutions/*/*.md") if p.stem == p.parent.name)
    for unit in units:
        if unit not in there:
            raise CourseError(f"there is no unit {unit!r}: solutions/ has {', '.join(there)}.")
    return list(units) or there


@contextmanager
def _workshop(root):
    """A temporary folder on the disk of the course, so that renaming is one step."""
    (root / "_build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-", dir=root / "_build") as name:
        yield Path(name)


def _compare(have, want, unit):
    for name in sorted(_files(have) | _files(want)):
        path, made = have / name, want / name
        called = f"exercises/{unit}/{name}"
        if not made.exists():
            raise CourseError(f"{called} is not derived from solutions/{unit}: remove it.")
        if not path.exists():
            raise CourseError(f"{called} is missing: run rnngrade release {unit}.")
        if path.read_bytes() != made.read_bytes():
            raise CourseError(
                f"{called} is not what solutions/{unit} gives: run rnngrade release {unit}.\n"
                + _diff(path, made, called)
            )


def _files(folder):
    """The files below a folder; Jupyter's checkpoints do not count."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not any(part.startswith(".") for part in name.parts)}


def _diff(path, made, called):
    old, new = (
        p.read_text("utf-8", errors="replace").splitlines(keepends=True) for p in (path, made)
    )
    return "".join(unified_diff(old, new, called, f"{called} (derived)"))
