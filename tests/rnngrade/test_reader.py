"""Whatever is handed in, it is read as a notebook or refused in one sentence."""

import json
import os
import random
import tracemalloc

import nbformat
import pytest

from rnngrade.course import reader
from rnngrade.course.reader import Unreadable, read
from rnngrade.messages import message
from tests.exercises.submission import bank, release, solved
from tests.rnngrade.broken import CELLS, FILES, NOT_NOTEBOOKS, broken_submission

CODE = bank().RIGHT["einsum"]
PLAIN = json.dumps(solved(release(), CODE)).encode()


def made(kind, seed=0):
    """A right submission, broken in this way."""
    return broken_submission("anna", kind, CODE, set(), random.Random(seed)).data


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lstm-gates.ipynb"


def read_bytes(path, data):
    path.write_bytes(data)
    return read(path)


def read_notebook(path, **changes):
    return read_bytes(path, json.dumps({**json.loads(PLAIN), **changes}).encode())


def sources(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_a_notebook_as_it_should_be(path):
    notebook, notes = read_bytes(path, PLAIN)
    assert notes == []
    want = nbformat.reads(PLAIN.decode(), as_version=4)
    assert sources(notebook) == sources(want)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in want.cells]
    for cell, wanted in zip(notebook.cells, want.cells, strict=True):
        known = wanted.metadata.get("nbgrader")
        kept = {key: known[key] for key in reader.NBGRADER if key in known} if known else None
        assert cell.metadata.get("nbgrader") == kept


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [*CELLS, *FILES])
def test_broken_notebooks_are_read(path, kind, seed):
    notebook, _ = read_bytes(path, made(kind, seed))
    nbformat.validate(notebook, version=4, version_minor=5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells) > 10
    assert not any(cell.get("outputs") for cell in notebook.cells)
    assert set(notebook.metadata) == {"language_info"}
    nbformat.writes(notebook).encode()  # no halves of characters


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("UTF-8 with BOM", message("course.byte-order-mark")),
        ("UTF-16", message("course.encoding", encoding="UTF-16")),
        ("UTF-16 without BOM", message("course.encoding", encoding="UTF-16-BE")),
        ("nbformat 3", message("course.format-3")),
        ("without its format", message("course.no-format")),
        ("ids lost", message("course.cells-without-id", n=27)),
        ("large outputs", None),
    ],
)
def test_a_harmless_defect_changes_nothing_and_is_noted(path, kind, note):
    want = read_bytes(path, PLAIN)[0]
    notebook, notes = read_bytes(path, made(kind))
    assert notes == ([note] if note else [])
    assert sources(notebook) == sources(want)
    assert [c.metadata for c in notebook.cells] == [c.metadata for c in want.cells]


def test_malformed_cells(path):
    notebook, notes = read_bytes(path, made("malformed"))
    assert notes == [
        message("course.cells-left-out", n=2),
        message("course.cells-without-id", n=2),
        message("course.cells-without-text", n=3),
        message("course.cells-without-type", n=2),
    ]
    assert sources(notebook)[3:27] == sources(read_bytes(path, PLAIN)[0])[3:27]
    assert sources(notebook)[27:] == [("raw", ""), ("code", "")]


def test_of_cells_with_the_same_id_the_last_keeps_it(path):
    notebook, _ = read_bytes(path, made("ids the same"))
    assert (notebook.cells[0].id, notebook.cells[-1].id) == ("cell-0", "cell")


def test_new_ids_are_not_those_of_others(path):
    cells = [{"cell_type": "code", "source": "1", "id": key} for key in ("cell-1", None, "a b")]
    notebook, notes = read_notebook(path, cells=cells)
    assert len({cell.id for cell in notebook.cells}) == 3
    assert notes == [message("course.cells-without-id", n=2)]


def test_headings_of_nbformat_3(path):
    cells = [{"cell_type": "heading", "level": 2, "source": ["Gates"]}]
    cells += [{"cell_type": "code", "input": "1", "outputs": [], "language": "python"}]
    sheets = {"nbformat": 3, "worksheets": [{"cells": cells}, {"cells": cells[1:]}, None]}
    notebook, _ = read_bytes(path, json.dumps(sheets).encode())
    assert sources(notebook) == [("markdown", "## Gates"), ("code", "1"), ("code", "1")]


def test_nothing_else_of_the_file_stays(path):
    cells = [
        {
            "cell_type": "markdown",
            "source": "![](a.png)",
            "metadata": {
                "tags": 3,
                "nbgrader": {"grade_id": "a", "deep": [[[]]], "points": []},
            },
            "attachments": {"a.png": {"image/png": "AAAA"}, "b": {"image/png": 3}, "c": None},
            "other": "x",
        },
        {"cell_type": "code", "source": "", "attachments": {"a.png": {"image/png": "AAAA"}}},
    ]
    forged = {"rnngrade": {"repairs": ["All is well."]}, "kernelspec": 3, "authors": "x"}
    notebook, _ = read_notebook(path, cells=cells, metadata=forged)
    words, code = notebook.cells
    assert set(words) == {"cell_type", "id", "source", "metadata", "attachments"}
    assert words.metadata == {"nbgrader": {"grade_id": "a"}}
    assert words.attachments == {"a.png": {"image/png": "AAAA"}}
    assert "attachments" not in code
    assert notebook.metadata == {"language_info": {"name": "python"}}


@pytest.mark.parametrize("kind", NOT_NOTEBOOKS)
def test_what_is_no_notebook_is_refused_and_said_to_be_what_it_is(path, kind):
    path.write_bytes(made(kind))
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.id == NOT_NOTEBOOKS[kind][1]


@pytest.mark.parametrize(
    ("kind", "known"), [("a zip", "zip"), ("a script", "python"), ("a page", "web-page")]
)
def test_what_is_handed_in_instead_is_named(path, kind, known):
    path.write_bytes(made(kind))
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.message["kind"] == message(f"course.kind-{known}")


def test_the_line_of_an_error_is_that_of_the_file(path):
    text = json.dumps({"cells": [{"outputs": [{"text": "a"}, {"text": "b"}]}]}, indent=1)
    assert text.count("\n") == 13
    with pytest.raises(Unreadable) as caught:
        read_bytes(path, (text[:-1] + ",\n no").encode())
    assert caught.value.message == message("course.not-json", line=15)


def test_what_looks_like_outputs_in_a_text_stays(path):
    source = 'x = {"outputs": [1, 2]}  # "outputs": [ \\" \\\\'
    cells = [{"cell_type": "code", "source": source, "outputs": [{"text": '"]}[{\\'}]}]
    notebook, _ = read_notebook(path, cells=cells)
    assert sources(notebook) == [("code", source)]


def test_a_folder_a_pipe_and_nothing(path, tmp_path):
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.id == "course.cannot-open"
    path.mkdir()
    os.mkfifo(tmp_path / "pipe")
    for no_file in (path, tmp_path / "pipe"):
        with pytest.raises(Unreadable) as caught:
            read(no_file)
        assert caught.value.id == "course.no-file"


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("FILE_BYTES", 10_000, message("course.too-large", mb=0, most=0)),
        ("TEXT_BYTES", 10_000, message("course.too-large-without-outputs", mb=0, most=0)),
        ("CELLS", 26, message("course.too-many-cells", n=27, most=26)),
        ("BRACKETS", 3, message("course.too-many-outputs", most=3)),
    ],
)
def test_limits(path, monkeypatch, limit, value, reason):
    outputs = json.dumps([{"data": {"text/plain": []}}]).encode()
    data = PLAIN.replace(b'"outputs": []', b'"outputs": ' + outputs)
    assert read_bytes(path, data)[1] == []
    monkeypatch.setattr(reader, limit, value)
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.message == reason


def test_outputs_cost_no_more_memory_than_the_file(path):
    data = broken_submission("a", "large outputs", CODE, set(), random.Random(0), 20 << 20).data
    path.write_bytes(data)
    size = len(data)
    assert size > 15 << 20
    del data
    tracemalloc.start()
    read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * size
