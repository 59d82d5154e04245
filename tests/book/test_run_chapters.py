"""Chapters are executed so that the page shows what a cell printed, letter by letter."""

import runpy
from types import SimpleNamespace

import nbformat.v4 as nbf

from tests.book.conftest import EXTENSIONS

PIECES = """
import sys
for piece in ("seed 0", "\\nseed", " 1\\n\\n", "end\\n"):
    sys.stdout.write(piece)
    sys.stdout.flush()
"""


def test_what_a_cell_prints_in_pieces_is_one_text(tmp_path):
    run = runpy.run_path(str(EXTENSIONS / "run_chapters.py"))["Execution"].execute
    notebook = nbf.new_notebook(cells=[nbf.new_code_cell(PIECES)])
    chapter = SimpleNamespace(nb=notebook, uri=str(tmp_path / "chapter.md"))
    result = run(chapter, SimpleNamespace(timeout=60, allow_errors=False))
    assert result.err is None
    assert [output.text for output in notebook.cells[0].outputs] == ["seed 0\nseed 1\n\nend\n"]
