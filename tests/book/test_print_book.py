"""The book on paper: one PDF, with bookmarks, with what is folded on the page."""

import re
import subprocess
import sys
import zlib

import pytest

from .conftest import EXTENSIONS

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><title>T</title><h1>First</h1>
<details><summary>Question</summary><div style="height: 1200px">Answer</div></details>
<div class="item-other" style="height: 9000px">Other numbers</div>
<h1>Second</h1>"""


def printed(folder):
    (folder / "book").mkdir()
    (folder / "book" / "index.html").write_text(PAGE, "utf-8")
    command = [sys.executable, EXTENSIONS / "print_book.py", folder, folder / "book.pdf"]
    subprocess.run(command, check=True, timeout=120)
    return (folder / "book.pdf").read_bytes()


def streams(data):
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            yield zlib.decompress(match[1])
        except zlib.error:
            continue


def test_the_pdf_has_bookmarks_and_unfolds_what_is_folded(tmp_path, browser):
    data = printed(tmp_path)
    assert data.startswith(b"%PDF")
    everything = b"".join([data, *streams(data)])
    assert b"/Outlines" in everything
    # The answer is taller than a page: only unfolded it needs a second one.
    # The other numbers of a calculation would need eight more.
    assert 2 <= int(re.search(rb"/Type /Pages\s*/Count (\d+)", everything)[1]) < 5
    assert [path.name for path in tmp_path.glob("*.part")] == []
