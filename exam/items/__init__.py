"""The calculations: to each chapter that has some, a file with its name."""

from importlib import import_module
from importlib.util import find_spec

from exam.contents import chapters
from exam.item import ITEMS

_modules = {chapter: f"exam.items.{chapter.replace('-', '_')}" for chapter in chapters()}
CHAPTERS = [chapter for chapter in chapters() if find_spec(_modules[chapter])]
for _chapter in CHAPTERS:
    import_module(_modules[_chapter])  # enters its items


def items_of(chapter):
    """The items of a chapter, in the order of its file."""
    return [item for item in ITEMS.values() if item.chapter == chapter]
