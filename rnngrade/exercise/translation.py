"""A unit in a second language: its paragraphs by gettext, in locale/ beside its source.

A message is a paragraph of the text, an item of a list, a row of a table, the meaning of a
symbol, a block of comments or a paragraph of a docstring. Its msgid is the English text: so a
paragraph that is moved keeps its translation, and one that is edited asks for a new one.
"""

import io
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jupytext
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from nbformat import NotebookNode

from rnngrade.errors import CourseError
from rnngrade.files import write_aside

WIDTH = 92  # of comments and docstrings
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
_FORMULA = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_COMMENTS = re.compile(r"^(?P<indent>[ \t]*)# .*(?:\n(?P=indent)# .*)*", re.MULTILINE)
_DOCSTRING = re.compile(r'^([ \t]+""")(.*?)(""")', re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"[-*] |\d+\. |\| ")
_HEAD = re.compile(r"[-*] |\d+\. |#+ ")
_MARKER = re.compile(r"### (BEGIN|END) [A-Z ]+")


def catalogue_of(source: Path, language: str) -> Path:
    """Where the translation of a unit lies."""
    return source.parent / "locale" / f"{language}.po"


def translate(
    notebook: NotebookNode, settings: dict[str, Any], source: Path, language: str
) -> None:
    """Put the paragraphs of a source into another language, in place.

    Raises:
        CourseError: there is no catalogue, or it lacks a paragraph.
    """
    path = catalogue_of(source, language)
    if not path.exists():
        raise CourseError("exercise.no-catalogue", path=f"{path}", language=language)
    with open(path, "rb") as file:
        catalogue = read_po(file, locale=language)

    def translated(text: str) -> str:
        found = catalogue.get(text)
        if found is None or not found.string or found.fuzzy:
            raise CourseError("exercise.untranslated", path=f"{path}", text=text[:60])
        return str(found.string)

    _each(notebook, settings, translated)


def update(
    notebook: NotebookNode, settings: dict[str, Any], source: Path, language: str
) -> Path:
    """Bring the catalogue of a unit up to date with its source; what it has stays.

    Returns:
        The path of the catalogue.
    """
    path, found = catalogue_of(source, language), Catalog(locale=language)

    def seen(text: str) -> str:
        found.add(text)
        return text

    _each(notebook, settings, seen)
    if path.exists():
        with open(path, "rb") as file:
            old = read_po(file, locale=language)
        old.update(found, no_fuzzy_matching=False)
        found = old
        found.obsolete.clear()
    for entry in found:
        entry.flags.discard("python-brace-format")  # braces are TeX here
    text = io.BytesIO(HEADER.format(language=language).encode())
    text.seek(0, io.SEEK_END)
    write_po(text, found, width=0, omit_header=True)
    write_aside(path, text.getvalue())
    return path


def update_unit(root: Path, unit: str, language: str) -> Path:
    """The same for a unit of the course, by its name."""
    source = root / "solutions" / unit / f"{unit}.md"
    if not source.exists():
        raise CourseError("exercise.no-file", path=f"{source}")
    notebook = jupytext.read(source, fmt="md:myst")
    return update(notebook, dict(notebook.metadata.get("rnngrade", {})), source, language)


def _each(notebook, settings, change: Callable[[str], str]) -> None:
    """Change every message of a source in place."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = "".join(_prose(cell.source, change))
        else:
            cell.source = _code(cell.source, change)
    symbols = settings.get("symbols", {})
    for told in symbols.values():
        if isinstance(told, list) and len(told) == 2 and _has_words(str(told[1])):
            told[1] = change(str(told[1]))


def _prose(source: str, change) -> Iterator[str]:
    """The text, paragraph by paragraph; formulas and the gaps between stay as they are."""
    formulas = _FORMULA.findall(source)
    for gap, block in _blocks(_FORMULA.sub("\0", source)):
        yield gap
        for piece in _pieces(block):
            text = piece.rstrip("\n")
            if not text or not _has_words(text):
                yield re.sub("\0", lambda _: formulas.pop(0), piece)
                continue
            found = _HEAD.match(text)
            head = found[0] if found else ""
            yield head + change(" ".join(text[len(head) :].split("\n"))) + piece[len(text) :]


def _pieces(block: str) -> list[str]:
    """A block by its items, rows and markers, each with the lines that go on with it."""
    pieces: list[str] = []
    after_marker = True
    for line in block.splitlines(keepends=True):
        marker = bool(_MARKER.fullmatch(line.strip()))
        if after_marker or marker or _ITEM.match(line):
            pieces.append(line)
        else:
            pieces[-1] += line
        after_marker = marker
    return pieces


def _blocks(source: str) -> Iterator[tuple[str, str]]:
    """Pairs of a gap (blank lines) and the block that follows it."""
    parts = re.split(r"(\n[ \t]*\n\s*)", source)
    gaps = ["", *parts[1::2]]
    return zip(gaps, parts[0::2], strict=True)


def _code(source: str, change) -> str:
    def comment(found):
        indent = found["indent"]
        lines = [line.strip()[2:] for line in found[0].split("\n")]
        start = indent + "# "
        return textwrap.fill(
            change(" ".join(lines)), WIDTH, initial_indent=start, subsequent_indent=start
        )

    def docstring(found):
        indent = " " * (len(found[1]) - 3)
        pieces = []
        for gap, block in _blocks(found[2]):
            text = " ".join(block.split())
            if _has_words(text):
                made = change(text)
                block = textwrap.fill(made, WIDTH, initial_indent="", subsequent_indent=indent)
            pieces += [gap, block]
        tail = found[2][len(found[2].rstrip()) :]
        return found[1] + "".join(pieces).rstrip() + tail + found[3]

    return _DOCSTRING.sub(docstring, _COMMENTS.sub(comment, source))


def _has_words(text: str) -> bool:
    """Whether there is something to translate, beside formulas, code and placeholders."""
    plain = re.sub(r"\$[^$]*\$|`[^`]*`|\{\w+\}|\0", "", _MARKER.sub("", text))
    return bool(re.search(r"[A-Za-z]{2}", plain))
