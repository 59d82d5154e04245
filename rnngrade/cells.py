"""Cells that a student copied or deleted: neither may cost more than its own part."""

from nbgrader.preprocessors import DeduplicateIds, OverwriteCells


class DropCopies(DeduplicateIds):
    """Of cells with the same grade_id the last counts, the others become plain cells.

    nbgrader leaves them empty metadata, which its next step takes for a notebook of an old
    version: it then grades neither this student nor those who come after.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        """Let nbgrader find a copy, then take its metadata away."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


class RestoreCells(OverwriteCells):
    """Test cells that are missing are put back, at the end of the notebook.

    nbgrader wants to put each behind the cell that stood before it, and grades nothing at all
    if that one is missing too.
    """

    def add_missing_grade_cells(self, nb, resources):
        """Append the graded cells of the source that the notebook lacks."""
        there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells}
        source = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        cells = {cell.name: cell for cell in source.source_cells}
        answers = {cell.name for cell in source.solution_cells}
        for graded in source.grade_cells:
            if graded.name not in there:
                self.log.warning("The cell %s is missing: it is put back.", graded.name)
                nb.cells.append(
                    self.missing_cell_transform(
                        cells[graded.name], graded.max_score, graded.name in answers
                    )
                )
        return nb, resources
