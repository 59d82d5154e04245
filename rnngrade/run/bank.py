"""Put the bank of a unit through the real road: release, sandbox, examiner, gradebook."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment

from rnngrade.course.course import Course, load
from rnngrade.course.seeds import FILE
from rnngrade.errors import CourseError
from rnngrade.execution.execute import execute
from rnngrade.exercise import release
from rnngrade.exercise.bank import Solution, briefly, read_bank, solved
from rnngrade.messages import ENGLISH, from_plain, message
from rnngrade.run import runner
from rnngrade.run.record import Records
from rnngrade.run.workers import Pool, on_dask

SECRET = "of the course of a bank, where nobody is graded"


@dataclass(frozen=True)
class Verdict:
    """What became of a solution: the parts that it lost, and what the first of them is told."""

    solution: Solution
    lost: tuple[str, ...]
    told: str
    says: str = ""  # the same in words
    points: float = 0.0

    @property
    def is_as_said(self) -> bool:
        """Whether it lost what its header says, and was told that."""
        wanted = set(self.solution.loses), self.solution.told
        return (set(self.lost), self.told) == wanted


def try_bank(
    root: Path,
    unit: str,
    language: str = ENGLISH,
    pool: Pool | None = None,
    only: list[Solution] | None = None,
) -> list[Verdict]:
    """Hand in every solution of a bank in a copy of the course, and grade it.

    Args:
        root: the root of the course; nothing is written there.
        unit: the name of the unit.
        language: of the release and of what is told.
        pool: of `rnngrade.run.workers`; by default a process per core.
        only: these solutions, if not the whole bank.

    Raises:
        CourseError: there is no bank, or nobody can be graded.
    """
    (unit,) = release.known_units(root, [unit])
    bank = only or read_bank(root / "solutions" / unit)
    if not bank:
        raise CourseError("exercise.no-bank", unit=unit)
    with _copied(root, unit, language) as course:
        source = nbformat.read(course.root / f"solutions/{unit}/{unit}.ipynb", 4)
        released = nbformat.read(course.root / f"exercises/{unit}/{unit}.ipynb", 4)
        for solution in bank:
            folder = course.root / "submitted" / solution.student / unit
            folder.mkdir(parents=True)
            nbformat.write(solved(released, source, solution.code), folder / f"{unit}.ipynb")
        runner.grade(course, unit, execute=execute, pool=pool or on_dask())
        records = Records(course.root, unit)
        return [_verdict(solution, records, source, language) for solution in bank]


def table(unit: str, verdicts: list[Verdict]) -> Iterator[str]:
    """A line for each solution, and one that counts them."""
    width = max(len(verdict.solution.student) for verdict in verdicts)
    for verdict in verdicts:
        mark = "✓" if verdict.is_as_said else "✗"
        lost = " ".join(verdict.lost) or "–"
        name = verdict.solution.student.ljust(width)
        yield f"{mark} {name}  {verdict.points:4g}  {lost}  {verdict.told}"
        if not verdict.is_as_said:
            must = {"loses": " ".join(verdict.solution.loses), "told": verdict.solution.told}
            yield f"    {verdict.says}"
            yield str(message("exercise.bank-must", **{k: v or "–" for k, v in must.items()}))
    wrong = [verdict for verdict in verdicts if verdict.solution.kind == "wrong"]
    right = len(verdicts) - len(wrong)
    differ = sum(not verdict.is_as_said for verdict in verdicts)
    counts = {"right": right, "wrong": len(wrong), "differ": differ}
    yield str(message("exercise.bank-counts", unit=unit, **counts))


def _verdict(solution, records, source, language):
    record = records.read(solution.student)
    if not record or "scores" not in record:
        raise CourseError("exercise.bank-ungraded", name=solution.student)
    tests = {c.id: c.metadata.nbgrader.points for c in source.cells if _is_test(c)}
    lost = [name for name, points in tests.items() if record["scores"][name]["auto"] < points]
    said = record["said"].get(lost[0]) if lost else None
    told = from_plain(said) if said else None
    parts = tuple(name.removesuffix("-test") for name in lost)
    points = sum(score["auto"] for score in record["scores"].values() if score["auto"])
    words = told.in_words(language) if told else ""
    return Verdict(solution, parts, briefly(told) if told else "", words, points)


def _is_test(cell):
    known = cell.metadata.get("nbgrader", {})
    return known.get("grade") and not known.get("solution")


@contextmanager
def _copied(root: Path, unit: str, language: str) -> Iterator[Course]:
    """A course of this one unit, released and in a gradebook of its own."""
    (root / "_build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bank-", dir=root / "_build") as name:
        copy = Path(name).resolve()
        config = (root / "nbgrader_config.py").read_text("utf-8")
        # Whatever gradebook the course has, this one is the copy's.
        own = f"\nc.CourseDirectory.db_url = 'sqlite:///{copy / 'gradebook.db'}'\n"
        own += f"c.RnnGrade.language = {language!r}\n"
        (copy / "nbgrader_config.py").write_text(config + own, "utf-8")
        # The same cases at every run: what a bank says must not depend on chance.
        (copy / FILE).write_text(SECRET, "utf-8")
        shutil.copytree(root / "solutions" / unit, copy / "solutions" / unit)
        release.release(copy, [unit], language)
        course = load(copy, language)
        course.coursedir.assignment_id = unit
        GenerateAssignment(coursedir=course.coursedir, config=course.config).start()
        yield course
