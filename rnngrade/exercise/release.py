"""Derive what students get: solutions/<unit>/<unit>.md → exercises/<unit>/<unit>.ipynb.

nbgrader itself takes out the answers and the hidden tests, configured by the course's
nbgrader_config.py but without a gradebook: an instructor's own is never touched.
"""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from rnngrade.errors import CourseError
from rnngrade.exercise.source import answer_stub, read_source
from rnngrade.messages import ENGLISH, in_language


def release(root: Path, units: Sequence[str] = (), language: str = ENGLISH) -> list[Path]:
    """Write the source notebook and the release of each unit, or of all.

    A release is made aside and then renamed into its place: it is there whole or not at all.

    Args:
        root: the root of the course.
        units: names of units; none means all.
        language: of their text.

    Returns:
        The paths of the notebooks for students.

    Raises:
        CourseError: for an unknown unit or a source that cannot be released.
    """
    written = []
    for unit in known_units(root, units):
        with _workshop(root) as workshop:
            made = derive(root, unit, workshop, language)
            source = f"solutions/{unit}/{unit}.ipynb"
            (workshop / source).replace(root / source)
            place = root / "exercises" / unit
            place.parent.mkdir(exist_ok=True)
            if place.exists():
                place.rename(workshop / "old")
            made.rename(place)
            written.append(place / f"{unit}.ipynb")
    return written


def check(root: Path, units: Sequence[str] = ()) -> None:
    """Derive each unit anew and compare with what is in exercises/.

    Args:
        root: the root of the course.
        units: names of units; none means all, and then no folder may be there without a
            source.

    Raises:
        CourseError: for the first file that differs, is missing or is too many: a sentence
            with its name, then the difference.
    """
    for unit in known_units(root, units):
        with _workshop(root) as workshop:
            made = derive(root, unit, workshop)
            _compare(root / "exercises" / unit, made, unit)
    known = set(known_units(root, ()))
    for folder in sorted((root / "exercises").glob("[!.]*")) if not units else ():
        if folder.name not in known:
            raise CourseError("exercise.no-source", name=folder.name)


def derive(root: Path, unit: str, workshop: Path, language: str = ENGLISH) -> Path:
    """Make the release of one unit in another folder, and return the path it has there."""
    source = workshop / "solutions" / unit
    shutil.copytree(root / "solutions" / unit, source)
    notebook = read_source(root / "solutions" / unit / f"{unit}.md", language)
    nbformat.write(notebook, source / f"{unit}.ipynb")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(workshop)
    config.CourseDirectory.assignment_id = unit
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    with in_language(language):
        config.ClearSolutions.text_stub = answer_stub()
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    except NbGraderException as error:
        raise CourseError("exercise.nbgrader", unit=unit, text=f"{error}") from error
    return workshop / "exercises" / unit


def known_units(root: Path, units: Sequence[str] = ()) -> list[str]:
    """The units asked for, or all, once it is clear that each has a source."""
    if not (root / "nbgrader_config.py").exists():
        raise CourseError("exercise.no-course", root=f"{root}")
    there = sorted(p.stem for p in root.glob("solutions/*/*.md") if p.stem == p.parent.name)
    for unit in units:
        if unit not in there:
            raise CourseError("exercise.no-unit", unit=unit, units=", ".join(there))
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
            raise CourseError("exercise.too-many", path=called, unit=unit)
        if not path.exists():
            raise CourseError("exercise.missing", path=called, unit=unit)
        if path.read_bytes() != made.read_bytes():
            difference = _diff(path, made, called)
            raise CourseError("exercise.differs", path=called, unit=unit, difference=difference)


def _files(folder):
    """The files below a folder; Jupyter's checkpoints do not count."""
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not any(part.startswith(".") for part in name.parts)}


def _diff(path, made, called):
    old, new = (
        p.read_text("utf-8", errors="replace").splitlines(keepends=True) for p in (path, made)
    )
    return "".join(unified_diff(old, new, called, f"{called} (derived)"))
