"""A new unit that releases, grades and has a bank at once, for its author to change."""

import re
import shutil
from pathlib import Path

from rnngrade.errors import CourseError

TEMPLATE = Path(__file__).parent / "template"


def new_unit(root: Path, unit: str) -> Path:
    """Write solutions/<unit> from the template.

    Args:
        root: the root of the course.
        unit: its name, as it will stand in folders and in the gradebook.

    Returns:
        The path of its source.

    Raises:
        CourseError: a name that will not do, or a unit that is there already.
    """
    if not (root / "nbgrader_config.py").exists():
        raise CourseError("exercise.no-course", root=f"{root}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", unit):
        raise CourseError("exercise.unit-name", got=f"{unit!r}")
    place = root / "solutions" / unit
    if place.exists():
        raise CourseError("exercise.unit-exists", path=f"{place}")
    aside = place.with_name(f".{unit}.new")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(TEMPLATE, aside, ignore=shutil.ignore_patterns("__pycache__"))
    text = (aside / "unit.md").read_text("utf-8")
    (aside / "unit.md").unlink()
    title = unit.replace("-", " ").capitalize()
    (aside / f"{unit}.md").write_text(text.replace("# UNIT\n", f"# {title}\n", 1), "utf-8")
    aside.rename(place)
    return place / f"{unit}.md"
