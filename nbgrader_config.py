"""nbgrader for this course: run every command in this folder, the root of the repository."""

import os

c = get_config()

# One thread for each kernel: nbgrader's processes share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where things are. The release is derived and in git, so it is always made anew.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.ignore = ["*.md", "bank.py", "__pycache__", "*.pyc", ".*", "feedback"]
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# downloaded/UNIT/archive takes loose notebooks, STUDENT_UNIT.ipynb, and zips.
c.ZipCollectApp.collector_plugin = "rnngrade.collect.Collector"

# A cell may take a minute. nbgrader takes every word on stderr for a failure, be it a warning
# of torch in right code: so Python's stderr is its stdout, in `validate` as in `autograde`.
c.Execute.timeout = 60
c.Execute.shutdown_kernel = "immediate"
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.exec_lines=import sys; sys.stderr = sys.stdout",
]

# nbgrader's own steps but for two: a copied or deleted cell spoils nothing but its part.
c.OverwriteCells.add_missing_cells = True
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "rnngrade.cells.DropCopies",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "rnngrade.cells.RestoreCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# And no hidden test in the feedback.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "rnngrade.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
