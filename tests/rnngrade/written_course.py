"""A course whose gradebook and graded notebooks are written down, not earned."""

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from rnngrade.course.course import load
from rnngrade.exercise.source import read_source

ROOT = Path(__file__).parents[2]
UNITS = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.md"))


def source(unit):
    """The source notebook of a unit of this repository."""
    return read_source(ROOT / "solutions" / unit / f"{unit}.md")


class WrittenCourse:
    """A folder with nbgrader_config.py and a gradebook."""

    def __init__(self, root):
        self.root = root
        # Whatever a developer's own configuration says, the gradebook is this one.
        config = (ROOT / "nbgrader_config.py").read_text("utf-8")
        config += f"\nc.CourseDirectory.db_url = 'sqlite:///{root / 'gradebook.db'}'\n"
        (root / "nbgrader_config.py").write_text(config, "utf-8")
        self.gradebook().close()

    def gradebook(self):
        return Gradebook(load(self.root).db_url)

    def add_unit(self, unit, notebook):
        """Enter a unit into the gradebook, as `nbgrader generate_assignment` would."""
        with self.gradebook() as gradebook:
            gradebook.add_assignment(unit)
            gradebook.add_notebook(unit, unit)
            for cell in notebook.cells:
                known = cell.metadata.get("nbgrader")
                if not known:
                    continue
                where, kind = (known.grade_id, unit, unit), {"cell_type": cell.cell_type}
                gradebook.add_source_cell(
                    *where, **kind, source=cell.source, locked=known.get("locked", False)
                )
                if known.get("grade"):
                    gradebook.add_grade_cell(*where, **kind, max_score=known.points)
                if known.get("solution"):
                    gradebook.add_solution_cell(*where)

    def add_student(self, student, **who):
        with self.gradebook() as gradebook:
            gradebook.add_student(student, **who)

    def grade(self, unit, student, scores, notebook=None, penalty=0, comments=()):
        """Enter the points of a submission; a part without any waits for a human.

        Args:
            scores: the grade_id of a part → its points, or None.
            notebook: what lies in autograded/ then.
            comments: the grade_id of an answer → the instructor's comment.
        """
        with self.gradebook() as gradebook:
            gradebook.update_or_create_student(student)
            gradebook.add_submission(unit, student)
            graded = gradebook.find_submission_notebook(unit, unit, student)
            graded.late_submission_penalty = penalty
            for grade in graded.grades:
                grade.auto_score = scores.get(grade.name)
                grade.needs_manual_grade = grade.auto_score is None
            for comment in graded.comments:
                comment.manual_comment = dict(comments).get(comment.name)
            gradebook.db.commit()
        if notebook is not None:
            self.put("autograded", unit, student, nbformat.writes(notebook))

    def put(self, step, unit, student, text):
        """Put a notebook, or what should be one, into the folder of a step."""
        path = self.root / step / student / unit / f"{unit}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
