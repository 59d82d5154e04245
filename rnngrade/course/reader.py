"""Read what a student handed in: a notebook without its outputs, or one sentence why not.

Nothing of the file is trusted or run. The notebook is built anew from the few things that
grading needs, so whatever else the file holds is gone; outputs are not even parsed, since
grading makes new ones.
"""

import codecs
import json
import re
import stat
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode, v4

from rnngrade.course.language import language_in, language_of_config
from rnngrade.messages import Message, Told, message

FILE_BYTES = 200 << 20
TEXT_BYTES = 20 << 20  # of the file without its outputs
BRACKETS = 2_000_000  # of the outputs
CELLS = 2000

# The first bytes of what is often handed in under the name of a notebook.
OTHER_KINDS = (
    (rb"PK\x03\x04", "course.kind-zip"),
    (rb"\x1f\x8b", "course.kind-gzip"),
    (rb"%PDF", "course.kind-pdf"),
    (rb"\s*<[!?a-zA-Z]", "course.kind-web-page"),
    (rb"\s*(import|from|def|class)\s", "course.kind-python"),
    (rb"\s*#", "course.kind-text"),
)
CELL_TYPES = {kind: kind for kind in ("code", "markdown", "raw")}
CELL_TYPES |= {"heading": "markdown", "html": "markdown"}  # of nbformat 3
NBGRADER = ("grade_id", "grade", "solution", "task", "locked", "points")

_OUTPUTS = re.compile(rb'"outputs"\s*:\s*\[')
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)


class Unreadable(Told):
    """The file cannot be graded; the message is one sentence and quotes nothing of it."""


def read(path: Path) -> tuple[NotebookNode, list[Message]]:
    """Read a notebook that a student handed in.

    UTF-8 and UTF-16, with a byte order mark or without, are read, and nbformat 3 and 4. Of a
    cell its type, id, text, attachments and nbgrader's metadata stay; of the notebook, the
    language that it asks for, in `metadata.rnngrade.language`.

    Args:
        path: of the file.

    Returns:
        The notebook, valid nbformat 4.5, and what was repaired.

    Raises:
        Unreadable: saying what is handed in instead of a notebook.
    """
    notes: list[Message] = []
    data = _utf8(_bytes(Path(path)), notes)
    content = _parse(_without_outputs(data))
    raw_cells = _raw_cells(content, notes)
    repaired: Counter[str] = Counter()
    cells = [_cell(raw, key, repaired) for raw, key in _with_ids(raw_cells, repaired)]
    minor = content.get("nbformat_minor")
    if not (isinstance(minor, int) and minor >= 5):
        del repaired["course.cells-without-id"]  # older formats have none
    notes += [message(what, n=count) for what, count in repaired.items()]
    metadata: dict[str, Any] = {"language_info": {"name": "python"}}
    asked = content.get("metadata")
    if language := language_in(asked if isinstance(asked, Mapping) else {}):
        metadata["rnngrade"] = {"language": language}
    return v4.new_notebook(cells=cells, metadata=metadata), notes


class RepairingExporter(NotebookExporter):
    """How `nbgrader autograde` reads a notebook: as `read` does, and it never fails.

    What was repaired stays in the notebook, as a list of plain messages in
    `metadata.rnngrade.repairs`. In place of a file that cannot be read there is a notebook
    that says why, also in `metadata.rnngrade.unreadable`. Both are in `resources["nbgrader"]`
    too.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Read and convert a notebook of the student's, or one that we wrote ourselves."""
        path = Path(filename)
        if resources is None or self._is_autograded(path, resources):
            return super().from_filename(filename, resources, **options)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        student = resources["nbgrader"]["student"]
        language = language_of_config(self.config)
        try:
            notebook, notes = read(path)
            known = notebook.metadata.get("rnngrade", {})
            notebook.metadata["rnngrade"] = {**known, "repairs": [n.plain() for n in notes]}
            for note in notes:
                self.log.warning("%s: %s", student, note.in_words(language))
        except Unreadable as error:
            notebook = _instead(error.message, language)
            said = message(
                "course.gets-no-grade", student=student, unit=path.stem, why=error.message
            )
            self.log.error("%s", said.in_words(language))
        return self.from_notebook_node(notebook, resources, **options)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Hand on what was repaired, then convert."""
        if resources is not None:
            told = nb.metadata.get("rnngrade", {})
            handed_on = {key: told[key] for key in ("repairs", "unreadable") if key in told}
            resources["nbgrader"].update(handed_on)
        return super().from_notebook_node(nb, resources, **options)

    def _is_autograded(self, path, resources):
        """Is it nbgrader's second reading, of the sanitised notebook?"""
        course, known = self.parent.coursedir, resources["nbgrader"]  # type: ignore[union-attr]
        folder = course.format_path(
            course.autograded_directory, known["student"], known["assignment"]
        )
        return path.parent.resolve() == Path(folder).resolve()


def _instead(reason, language):
    """The notebook that stands for a file that cannot be read."""
    said = message("course.not-graded", why=reason).in_words(language)
    told = {"repairs": [], "unreadable": reason.plain()}
    return v4.new_notebook(
        cells=[v4.new_markdown_cell(said, id="reason")], metadata={"rnngrade": told}
    )


def _bytes(path):
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("course.no-file")
        if found.st_size > FILE_BYTES:
            raise Unreadable("course.too-large", mb=found.st_size >> 20, most=FILE_BYTES >> 20)
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable("course.cannot-open", why=f"{error.strerror}") from None
    if not data or data.isspace():
        raise Unreadable("course.empty")
    for beginning, kind in OTHER_KINDS:
        if re.match(beginning, data):
            raise Unreadable("course.no-notebook-but", kind=message(kind))
    return data


def _utf8(data, notes):
    """The file in UTF-8 without a byte order mark."""
    encoding = json.detect_encoding(data)
    if encoding == "utf-8":
        return data
    if encoding == "utf-8-sig":
        notes.append(message("course.byte-order-mark"))
        return data.removeprefix(codecs.BOM_UTF8)
    notes.append(message("course.encoding", encoding=encoding.upper()))
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise Unreadable("course.no-text") from None


def _without_outputs(data):
    """Empty each list of outputs, keeping its line breaks for the line number of an error."""
    kept, position, brackets = [], 0, 0
    while opening := _OUTPUTS.search(data, position):
        end, depth = opening.end(), 1
        while depth:
            bracket = _TO_BRACKET.match(data, end)
            if not bracket:
                raise Unreadable("course.breaks-off-in-output")
            end = bracket.end()
            depth += 1 if bracket[1] in b"[{" else -1
            brackets += 1
            if brackets > BRACKETS:
                raise Unreadable("course.too-many-outputs", most=BRACKETS)
        kept.append(data[position : opening.end()])
        kept.append(b"\n" * data.count(b"\n", opening.end(), end) + b"]")
        position = end
    return b"".join([*kept, data[position:]])


def _parse(data):
    """The file as a dict."""
    if len(data) > TEXT_BYTES:
        raise Unreadable(
            "course.too-large-without-outputs", mb=len(data) >> 20, most=TEXT_BYTES >> 20
        )
    try:
        content = json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise Unreadable("course.not-utf-8", byte=error.start) from None
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated") or not error.doc[error.pos :].strip():
            raise Unreadable("course.breaks-off") from None
        raise Unreadable("course.not-json", line=error.lineno) from None
    except RecursionError:
        raise Unreadable("course.too-deep") from None
    except ValueError:
        raise Unreadable("course.too-many-digits") from None
    if not isinstance(content, dict):
        raise Unreadable("course.no-notebook")
    return content


def _raw_cells(content, notes):
    """The cells of nbformat 4, or those of nbformat 3, which lie in worksheets."""
    version = content.get("nbformat")
    if not isinstance(version, int):
        if not {"cells", "worksheets"} & content.keys():
            raise Unreadable("course.no-notebook")
        notes.append(message("course.no-format"))
    elif version not in (3, 4):
        raise Unreadable("course.newer-format" if version > 4 else "course.older-format")
    cells, sheets = content.get("cells"), content.get("worksheets")
    if "cells" not in content and isinstance(sheets, list):
        parts = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for part in parts if isinstance(part, list) for cell in part]
        notes.append(message("course.format-3"))
    if not isinstance(cells, list):
        raise Unreadable("course.no-cells")
    if len(cells) > CELLS:
        raise Unreadable("course.too-many-cells", n=len(cells), most=CELLS)
    return cells


def _cell(raw, key, repaired):
    """A cell anew; what it lacked is counted in `repaired`."""
    known = raw.get("cell_type")
    kind = CELL_TYPES.get(known) if isinstance(known, str) else None
    if kind is None:
        repaired["course.cells-without-type"] += 1
        kind = "raw"
    source = _text(raw.get("source", raw.get("input")))
    if source is None:
        repaired["course.cells-without-text"] += 1
        source = ""
    if known == "heading" and raw.get("level") in range(1, 7):
        source = "#" * raw["level"] + " " + source
    cell = new_cell(kind, source, key, _metadata(raw))
    if kind != "code" and (attachments := _attachments(raw)):
        cell.attachments = attachments
    return cell


def _text(value):
    """A string, or the lines of one, without halves of characters; None for anything else."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def _metadata(raw):
    """What nbgrader's part of the metadata claims: the rest is of no use in grading."""
    metadata = raw.get("metadata")
    known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(known, dict):
        return {}
    plain = {key: known.get(key) for key in NBGRADER}
    return {"nbgrader": {k: v for k, v in plain.items() if isinstance(v, str | int | float)}}


def _attachments(raw):
    """The pictures pasted into a text, {name: {type: base64}}."""
    found = raw.get("attachments")
    pictures = found.items() if isinstance(found, dict) else ()
    clean = {
        _text(name): {_text(kind): _text(data) for kind, data in picture.items()}
        for name, picture in pictures
        if isinstance(picture, dict)
    }
    return {name: picture for name, picture in clean.items() if None not in picture.values()}


def _with_ids(raw_cells, repaired):
    """Pairs of a cell and an id of its own; of cells with the same id the last keeps it."""
    keys = [raw.get("id") if isinstance(raw, dict) else None for raw in raw_cells]
    last = {key: at for at, key in enumerate(keys) if isinstance(key, str)}
    last = {key: at for key, at in last.items() if re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", key)}
    pairs = []
    for position, (raw, key) in enumerate(zip(raw_cells, keys, strict=True)):
        if not isinstance(raw, dict):
            repaired["course.cells-left-out"] += 1
            continue
        if not isinstance(key, str) or last.get(key) != position:
            repaired["course.cells-without-id"] += 1
            key = free_id(f"cell-{position}", last)
        pairs.append((raw, key))
    return pairs


def new_cell(kind: str, source: str, key: str, metadata: dict[str, Any]) -> NotebookNode:
    """A cell as nbformat makes one, but without its check: the whole notebook has one."""
    shown: dict[str, Any] = {"outputs": [], "execution_count": None} if kind == "code" else {}
    cell = {"cell_type": kind, "id": key, "source": source, "metadata": metadata}
    return nbformat.from_dict(cell | shown)


def free_id(wanted: str, taken: Collection[str]) -> str:
    """The id that is wanted, or one much like it if that is taken."""
    number, known = 1, wanted
    while known in taken:
        number += 1
        known = f"{wanted[:56]}-{number}"
    return known
