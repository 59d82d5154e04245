"""What is known of every student in a unit: the points, or in words why there are none."""

import json
from dataclasses import dataclass, field

from rnngrade.run.record import HOME, Records

GRADED = "graded"


@dataclass(frozen=True)
class Result:
    """One student in one unit; None stands for a score that nobody gave."""

    student: str
    last_name: str
    first_name: str
    email: str
    platform_id: str  # of the learning platform, if the gradebook knows it
    unit: str
    max_score: float
    status: str
    score: float | None = None
    penalty: float = 0
    parts: dict[str, float | None] = field(default_factory=dict)

    @property
    def final(self):
        """The score, if nothing is left to do about it."""
        return self.score if self.status == GRADED else None


def results(course, gradebook, unit):
    """The results of all who are in the gradebook or handed in, in the order of names.

    The status is "graded", "needs manual grading", "not graded", "missing", or begins with
    "unreadable:" or "failed:" and gives the reason.
    """
    assignment = gradebook.find_assignment(unit)
    submissions = {s.student.id: s for s in assignment.submissions}
    students = {student.id: student for student in gradebook.students}
    handed_in = set(course.students("submitted", unit))
    order = _order(course, unit)
    recorded = {p.stem for p in (course.root / HOME / "records" / unit).glob("*.json")}
    found = []
    for name in students.keys() | handed_in | recorded:
        who = {"student": name, "unit": unit, "max_score": assignment.max_score}
        who |= _names(students.get(name))
        trouble = _trouble(Records(course.root, unit).read(name))
        if name in submissions:
            found.append(_result(course, submissions[name], trouble, who, order))
        else:
            nothing = "not graded" if name in handed_in else "missing"
            found.append(Result(**who, status=trouble or nothing))
    return sorted(found, key=lambda r: (r.last_name, r.first_name, r.student))


def _names(student):
    known = ("last_name", "first_name", "email", "lms_user_id")
    last, first, email, platform_id = (getattr(student, name, None) or "" for name in known)
    return {
        "last_name": last,
        "first_name": first,
        "email": email,
        "platform_id": platform_id,
    }


def _order(course, unit):
    """The grade_ids of a unit as they stand in the notebook; the gradebook has no order."""
    path = course.folder("release", unit=unit) / f"{unit}.ipynb"
    cells = json.loads(path.read_bytes())["cells"] if path.exists() else ()
    return [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells]


def _result(course, submission, trouble, who, order):
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    grades.sort(key=lambda g: order.index(g.name) if g.name in order else len(order))
    parts = {g.name.removesuffix("-test"): _score(g) for g in grades}
    given = [score for score in parts.values() if score is not None]
    penalty = submission.late_submission_penalty or 0
    score = max(0, sum(given) - penalty) if given else None
    status = GRADED
    if any(grade.needs_manual_grade for grade in grades):
        status = trouble or ("needs manual grading" if given else "not graded")
    if not score:  # it may be a 0 that was never earned
        reason = _unreadable(course, who)
        if reason:
            return Result(**who, status=f"unreadable: {reason}")
    return Result(**who, status=status, score=score, penalty=penalty, parts=parts)


def _score(grade):
    return None if (grade.auto_score, grade.manual_score) == (None, None) else grade.score


def _trouble(record):
    """Why the last run of `rnngrade grade` gave no grade, from its record."""
    if record and record["status"] in ("unreadable", "failed"):
        return f"{record['status']}: {record['reason']}"
    return ""


def _unreadable(course, who):
    """The reason in the notebook that `nbgrader autograde` grades for an unreadable one."""
    path = course.folder("autograded", who["student"], who["unit"]) / f"{who['unit']}.ipynb"
    if not path.exists():
        return ""
    return json.loads(path.read_bytes())["metadata"].get("rnngrade", {}).get("unreadable", "")
