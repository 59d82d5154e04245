"""Read the source of an exercise, solutions/<unit>/<unit>.md, as nbgrader's source notebook."""

import builtins
import re

import jupytext
from jupytext.myst import MystMetadataParsingError
from nbformat import NotebookNode, from_dict

from rnngrade.errors import CourseError
from rnngrade.exercise.names import names_defined, names_taken

# What nbgrader wants to see in every cell that it knows; an author writes what differs.
METADATA = {"grade": False, "locked": False, "solution": False, "task": False}
KNOWN = {*METADATA, "grade_id", "points"}
# Without version numbers: the release must not depend on who makes it.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read_source(path):
    """Turn the MyST source of a unit into its source notebook.

    A graded cell of the source says no more than

        :nbgrader: {grade_id: forget-gate-test, grade: true, points: 1}

    and the rest of nbgrader's metadata is filled in. Cell ids come from the grade_id or the
    position, so the same source gives the same notebook, byte for byte.

    Raises:
        CourseError: naming the file and the cell, for metadata that nbgrader would choke on
            and for a solution or a hidden test that would not be taken out.
    """
    try:
        notebook = jupytext.read(path, fmt="md:myst")
        _check_cells(notebook.cells)
        _check_names(notebook)
    except (CourseError, MystMetadataParsingError, SyntaxError) as error:
        raise CourseError(f"{path}: {error}") from None
    settings = notebook.metadata.get("rnngrade")
    notebook.metadata = from_dict(NOTEBOOK_METADATA)
    if settings:
        notebook.metadata["rnngrade"] = settings
    for position, cell in enumerate(notebook.cells):
        _complete(cell, position)
    return notebook


def _complete(cell, position):
    """Fill in what nbgrader and the notebook format want and the author need not say."""
    known = cell.metadata.get("nbgrader")
    cell.id = known["grade_id"] if known else f"cell-{position:02}"
    if known:
        locked = known.get("grade", False) and not known.get("solution", False)
        filled = {**METADATA, "locked": locked, **known, "schema_version": 3}
        cell.metadata["nbgrader"] = NotebookNode(filled)


def _check_cells(cells):
    seen = set()
    for cell in cells:
        known = cell.metadata.get("nbgrader")
        if known is not None:
            _check_metadata(known)
            if known["grade_id"] in seen:
                raise CourseError(f"two cells have the grade_id {known['grade_id']!r}.")
            seen.add(known["grade_id"])
        _check_markers(cell, known or {})


def _check_names(notebook):
    """Tests run apart from the student and take nothing from there but what is exported."""
    code = [
        (cell.source, cell.metadata.get("nbgrader") or {})
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    answers = [source for source, known in code if known.get("solution")]
    there = {*names_defined(answers), *dir(builtins), "display"}
    there |= set(notebook.metadata.get("rnngrade", {}).get("exports", ()))
    for source, known in code:
        if (known.get("grade") or known.get("locked")) and not known.get("solution"):
            missing = sorted(names_taken(source) - there)
            if missing:
                raise CourseError(
                    f"the cell {known['grade_id']!r} takes {missing[0]!r}, which no cell of "
                    "the instructor's defines and no solution cell exports."
                )
            there |= names_defined([source], imported=True)


def _check_metadata(known):
    name = known.get("grade_id", "") if isinstance(known, dict) else ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(name)):
        raise CourseError(f"nbgrader: {known!r} needs a grade_id of letters, digits, - and _.")
    unknown = sorted(set(known) - KNOWN)
    if unknown:
        raise CourseError(f"the cell {name!r} has unknown nbgrader metadata, {unknown[0]!r}.")
    points = known.get("points")
    if known.get("grade") and not (isinstance(points, int | float) and points > 0):
        raise CourseError(f"the graded cell {name!r} has no points.")


def _check_markers(cell, known):
    """What must not reach a student lies in a closed region of a cell that nbgrader cleans."""
    name = known.get("grade_id", cell.source.split("\n", 1)[0])
    for region, role in (("SOLUTION", "solution"), ("HIDDEN TESTS", "grade")):
        begins, ends = (cell.source.count(f"### {word} {region}") for word in ("BEGIN", "END"))
        if begins != ends:
            raise CourseError(
                f"the cell {name!r} opens {begins} regions {region} and closes {ends}."
            )
        if begins and not known.get(role):
            raise CourseError(
                f"the cell {name!r} has a region {region} but is not marked {role}: true."
            )
    if known.get("solution") and "### BEGIN SOLUTION" not in cell.source:
        raise CourseError(f"the solution cell {name!r} has no ### BEGIN SOLUTION region.")
