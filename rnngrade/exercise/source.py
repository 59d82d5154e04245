"""Read the source of an exercise, solutions/<unit>/<unit>.md, as nbgrader's source notebook."""

import builtins
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import jupytext
import yaml
from jupytext.myst import MystMetadataParsingError
from nbformat import NotebookNode, from_dict

from rnngrade.errors import CourseError
from rnngrade.execution.job import Limits, Policy
from rnngrade.exercise import parts
from rnngrade.exercise.names import names_defined, names_taken
from rnngrade.exercise.translation import translate
from rnngrade.messages import ENGLISH, in_language, message

# What nbgrader wants to see in every cell that it knows; an author writes what differs.
METADATA = {"grade": False, "locked": False, "solution": False, "task": False}
KNOWN = {*METADATA, "grade_id", "points"}
# Without version numbers: the release must not depend on who makes it.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# What may stand under rnngrade: in the front matter, and on a cell.
SETTINGS = {
    *(*parts.AUTHORS, "exports", "language"),
    *(field.name for kind in (Policy, Limits) for field in fields(kind)),
}
OPTIONS = {"nbgrader", "part", "check", "written", "points", "tags"}
# Each region, by its name in a cell, and the roles of the cells that it may stand in.
REGIONS = {"SOLUTION": ("solution",), "HIDDEN TESTS": ("grade",), "MARK SCHEME": ("question",)}


def read_source(path: Path, language: str = ENGLISH) -> NotebookNode:
    """Turn the MyST source of a unit into its source notebook.

    Of a graded cell the source says no more than what `rnngrade.exercise.parts` tells, or

        :nbgrader: {grade_id: forget-gate-test, grade: true, points: 1}

    and the rest of nbgrader's metadata is filled in. A written answer is two text cells: the
    question, +++ {"written": "why"}, and the answer, +++ {"written": "why", "points": 2}.

    Cell ids come from the grade_id or from the heading above, so that the same source gives the
    same notebook, byte for byte, and another paragraph changes no id but its own.

    Args:
        path: of the source.
        language: of the text; one that is not English comes from locale/ beside the source.

    Raises:
        CourseError: naming the file and the cell, for metadata that nbgrader would choke on
            and for a solution or a hidden test that would not be taken out.
    """
    try:
        notebook = jupytext.read(path, fmt="md:myst")
        settings = _settings(notebook)
        _name_prose(notebook.cells)
        if language != ENGLISH:
            translate(notebook, settings, path, language)
        with in_language(language):
            _complete(notebook, settings)
        _check_cells(notebook.cells)
        _check_names(notebook)
    except CourseError as error:
        raise CourseError("exercise.in-file", path=f"{path}", what=error.message) from None
    except (MystMetadataParsingError, SyntaxError, yaml.YAMLError) as error:
        raise CourseError("exercise.in-file", path=f"{path}", what=f"{error}") from None
    kept = {name: value for name, value in settings.items() if name not in parts.AUTHORS}
    if language != ENGLISH:
        kept["language"] = language
    notebook.metadata = from_dict(NOTEBOOK_METADATA)
    if kept:
        notebook.metadata["rnngrade"] = from_dict(kept)
    return notebook


def _settings(notebook):
    """What the front matter says under rnngrade:, if it is known.

    What each key may hold beyond the author's own is checked where it is used.
    """
    settings = notebook.metadata.get("rnngrade", {})
    if not isinstance(settings, dict):
        raise CourseError("exercise.setting-form", name="rnngrade")
    if unknown := set(settings) - SETTINGS:
        known = ", ".join(sorted(SETTINGS))
        raise CourseError("exercise.setting", name=f"{min(unknown)}", known=known)
    for cell in notebook.cells:
        if unknown := set(cell.metadata) - OPTIONS:
            known = ", ".join(sorted(OPTIONS))
            raise CourseError("exercise.option", name=f"{min(unknown)}", known=known)
    return dict(settings)


def _complete(notebook: NotebookNode, settings: dict[str, Any]) -> None:
    """Fill in what follows from what the author says, and what nbgrader wants besides."""
    symbols, declared, checked = parts.read_symbols(settings), {}, set()
    for cell in notebook.cells:
        if "part" in cell.metadata:
            part = parts.read_part(cell.metadata.pop("part"), cell.source, symbols)
            if part.name in declared:
                raise CourseError("exercise.twice", name=part.id)
            declared[part.name] = part
            cell.source = parts.with_shapes(cell.source, part, symbols)
            cell.metadata["nbgrader"] = {"grade_id": part.id, "solution": True}
        elif "check" in cell.metadata:
            name = cell.metadata.pop("check")
            if name not in declared:
                raise CourseError("exercise.no-part", name=f"{name}")
            part = declared[name]
            checked.add(name)
            if not part.reference and "### BEGIN HIDDEN TESTS" not in cell.source:
                raise CourseError("exercise.no-hidden-test", part=name)
            cell.source = parts.test_of(part, symbols, cell.source)
            known = {"grade_id": f"{part.id}-test", "grade": True, "points": part.points}
            cell.metadata["nbgrader"] = known
        elif "written" in cell.metadata:
            cell.metadata["nbgrader"] = _written(cell)
        elif cell.cell_type == "markdown" and "{symbols}" in cell.source:
            cell.source = cell.source.replace("{symbols}", symbols.table())
    for name in declared:
        if name not in checked:
            raise CourseError("exercise.no-check", part=name)
    for cell in notebook.cells:
        known = cell.metadata.get("nbgrader")
        if isinstance(known, dict) and "grade_id" in known:
            locked = known.get(
                "locked", known.get("grade", False) and not known.get("solution")
            )
            filled = {**METADATA, **known, "locked": locked, "schema_version": 3}
            cell.metadata["nbgrader"] = NotebookNode(filled)
            cell.id = known["grade_id"]


def _written(cell):
    """A question that is marked by hand, or its answer, which has the points."""
    name, points = cell.metadata.pop("written"), cell.metadata.pop("points", None)
    if points is None:
        return {"grade_id": f"{name}-question", "locked": True}
    return {"grade_id": f"{name}", "grade": True, "solution": True, "points": points}


def _name_prose(cells):
    """An id for each cell without a grade, made of the heading that it stands under."""
    taken, heading = set(), "cell"
    for cell in cells:
        if cell.metadata.keys() & {"part", "check", "written", "nbgrader"}:
            continue
        found = re.search(r"^#+ (.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            plain = re.sub(r"^\d+\. |\(.*?\)", "", found[1].lower())
            heading = re.sub(r"\W+", "-", plain, flags=re.ASCII).strip("-")[:40] or heading
        number, name = 1, f"{heading}-text"
        while name in taken:
            number += 1
            name = f"{heading}-text-{number}"
        taken.add(name)
        cell.id = name


def _check_cells(cells):
    seen = set()
    for cell in cells:
        known = cell.metadata.get("nbgrader")
        if known is not None:
            _check_metadata(known)
            if known["grade_id"] in seen:
                raise CourseError("exercise.twice", name=known["grade_id"])
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
                raise CourseError("exercise.takes", cell=known["grade_id"], name=missing[0])
            there |= names_defined([source], imported=True)


def _check_metadata(known):
    name = known.get("grade_id", "") if isinstance(known, dict) else ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(name)):
        raise CourseError("exercise.grade-id", got=f"{known!r}")
    unknown = sorted(set(known) - KNOWN - {"schema_version"})
    if unknown:
        raise CourseError("exercise.metadata", cell=name, key=unknown[0])
    points = known.get("points")
    if known.get("grade") and not (isinstance(points, int | float) and points > 0):
        raise CourseError("exercise.no-points", cell=name)


def _check_markers(cell, known):
    """What must not reach a student lies in a closed region of a cell that nbgrader cleans."""
    name = known.get("grade_id", cell.source.split("\n", 1)[0])
    roles = {role for role in ("solution", "grade") if known.get(role)}
    if known.get("locked") and cell.cell_type == "markdown":
        roles.add("question")
    for region, allowed in REGIONS.items():
        begins, ends = (cell.source.count(f"### {word} {region}") for word in ("BEGIN", "END"))
        if begins != ends:
            counts = {"begins": begins, "ends": ends}
            raise CourseError("exercise.region-open", cell=name, region=region, **counts)
        if begins and not roles.intersection(allowed):
            raise CourseError("exercise.region", cell=name, region=region, role=allowed[0])
    if known.get("solution") and "### BEGIN SOLUTION" not in cell.source:
        raise CourseError("exercise.no-solution", cell=name)


def answer_stub() -> str:
    """What stands where a student is to write, in the present language."""
    return str(message("exercise.answer-here"))
