"""What `_toc.yml` says: the parts of the book, their chapters and pages.

It is the only list of chapters. What belongs to a chapter is found by the chapter's name:
`book/NAME.md` with its title and summary, `book/questions/NAME.md`, `exam/items/NAME.py`.
"""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"


def pages(root=ROOT):
    """Every page, as a path without its ending, in the order of the book."""
    entries = [entry for part in _toc(root)["parts"] for entry in part["chapters"]]
    below = [page for entry in entries for page in (entry, *entry.get("sections", ()))]
    return [_toc(root)["root"], *(page["file"] for page in below)]


def parts(root=ROOT):
    """The names of the chapters, those with a number, by the caption of their part."""
    return {
        part["caption"]: [Path(entry["file"]).name for entry in part["chapters"]]
        for part in _toc(root)["parts"]
        if part.get("numbered")
    }


def chapters(root=ROOT):
    """The names of the chapters in their order."""
    return [name for names in parts(root).values() for name in names]


def path_of(chapter, book=BOOK):
    """The file of a chapter."""
    return book / f"{chapter}.md"


def title(chapter, book=BOOK):
    """The title of a chapter: its first heading."""
    lines = path_of(chapter, book).read_text("utf-8").splitlines()
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def summary(chapter, book=BOOK):
    """What a chapter is about, in a line: the description in its front matter.

    Raises ValueError if there is none.
    """
    path = path_of(chapter, book)
    _, head, *_ = [*path.read_text("utf-8").split("---\n", 2), ""]
    try:
        return yaml.safe_load(head)["myst"]["html_meta"]["description"]
    except (yaml.YAMLError, TypeError, KeyError):
        raise ValueError(
            f"{path.name} must begin with a front matter that has a description (html_meta)."
        ) from None


def _toc(root):
    return yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
