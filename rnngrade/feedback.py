"""What a student sees after grading: points and one sentence per part, no hidden test."""

from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests


class HideTests(ClearHiddenTests):
    """Take hidden tests out of the feedback page, which nbgrader leaves in.

    A traceback shows the lines around the one that failed, and what a student's function
    prints may be a hidden input. So of a test cell's outputs only the last line of an error
    stays, the sentence of `rnngrade.check`.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        """Clean one cell; a cell that the student may edit is left as it is."""
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
        for error in cell.outputs:
            error.traceback = [f"{error.ename}: {error.evalue}"]
        return cell, resources
