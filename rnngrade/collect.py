"""Whose notebook is it? What `nbgrader zip_collect` asks for every file handed in."""

from pathlib import Path

from nbgrader.plugins import FileNameCollectorPlugin


class Collector(FileNameCollectorPlugin):
    """Tell student and notebook from the name of a file below downloaded/UNIT/archive.

    - STUDENT_UNIT.ipynb, loose or in the zip of a whole class;
    - UNIT.ipynb, at any depth, in STUDENT.zip, in STUDENT_UNIT.zip or in a folder STUDENT.
    """

    def collect(self, submitted_file):
        """The student's and the notebook's name, or None for any other file."""
        course, _, handed_in = Path(submitted_file).as_posix().rpartition("/extracted/")
        unit = course.rpartition("/")[2]
        *folders, name = handed_in.split("/")
        if name == f"{unit}.ipynb" and folders:
            student = folders[0].removesuffix(f"_{unit}")
        elif name.endswith(f"_{unit}.ipynb") and name[0] not in "._":
            student = name.removesuffix(f"_{unit}.ipynb")
        else:
            return None
        return {"student_id": student, "file_id": unit}
