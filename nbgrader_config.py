"""nbgrader for this course: run every command in this folder, the root of the repository."""

import os
import sys
from pathlib import Path

c = get_config()

# nbgrader makes its database with the alembic that it finds on the path.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

# One thread for each kernel: nbgrader's processes share the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where things are. The release is derived and in git, so it is always made anew.
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "submitted"
c.CourseDirectory.autograded_directory = "autograded"
c.CourseDirectory.feedback_directory = "feedback"
c.CourseDirectory.ignore = ["*.md", "bank", "locale", "__pycache__", "*.pyc", ".*", "feedback"]
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearMarkScheme.enforce_metadata = False  # a rubric stands in the question, a locked cell

# nbgrader's own steps, but for the one that enters the cells: a unit may change, and cells come
# and go, when submissions are there already.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "rnngrade.course.save_cells.SaveCellsOfSubmissions",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# downloaded/UNIT/archive takes loose notebooks, STUDENT_UNIT.ipynb, and zips.
c.ZipCollectApp.extractor_plugin = "rnngrade.course.collect.Extractor"
c.ZipCollectApp.collector_plugin = "rnngrade.course.collect.Collector"

# The language in which people are told, but where a unit or a notebook asks for another.
# c.RnnGrade.language = "ru"

# What follows is for `nbgrader validate`, which runs a notebook in one kernel. nbgrader takes
# every word on stderr for a failure, be it a warning of torch in right code: so Python's
# stderr is its stdout.
c.Execute.timeout = 60
c.Execute.shutdown_kernel = "immediate"
c.Execute.extra_arguments = [
    "--HistoryManager.hist_file=:memory:",
    "--IPKernelApp.exec_lines=import sys; sys.stderr = sys.stdout",
]

# A broken notebook is repaired or named; what a cell is comes from the gradebook. Restore
# writes nbgrader's metadata itself, so CheckCellMetadata, half of nbgrader's time, has no use.
c.Autograde.exporter_class = "rnngrade.course.reader.RepairingExporter"
c.RepairingExporter.optimistic_validation = True  # once, after the last step
c.Autograde.sanitize_preprocessors = [
    "rnngrade.course.restore.Restore",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.OverwriteKernelspec",
]

# The student's cells run in a sandbox, the tests in a process of their own.
c.Autograde.autograde_preprocessors = [
    "rnngrade.course.execute_step.ExecuteApart",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]

# The page for the student: no hidden test, no script, no other host.
c.GenerateFeedback.exporter_class = "rnngrade.course.feedback.FeedbackPage"
c.GenerateFeedback.preprocessors = []
