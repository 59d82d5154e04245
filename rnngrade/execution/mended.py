"""Cells that are no Python for a reason which nobody sees, or which is no part of an answer."""

import ast
import re
from collections.abc import Callable

from rnngrade.messages import Message, message

# Text that was copied from a page or a chat holds these; Python takes none for a space.
SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
NOTHING = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_TABLE = str.maketrans(SPACES, " " * len(SPACES), NOTHING)
# IPython takes it for a command where it is alone in its cell.
_BARE_INSTALL = re.compile(
    r"^([ \t]*)((?:pip3?|conda|mamba|uv pip|apt|apt-get|python3? -m pip)[ \t]+install\b)",
    re.MULTILINE,
)


def mended(source: str, transform: Callable[[str], str]) -> tuple[str, list[Message]]:
    """The text of a cell that is no Python, as it was meant; nothing, if that is no Python too.

    Args:
        source: the cell.
        transform: makes plain Python of a cell with magics.

    Returns:
        The text, and what its writer should know.
    """
    text = _BARE_INSTALL.sub(r"\1!\2", source.translate(_TABLE))
    if text == source:
        return "", []
    try:
        ast.parse(transform(text))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "", []
    found = sorted(set(source) & set(SPACES + NOTHING))
    if not found:
        return text, []
    line = next(n for n, line in enumerate(source.split("\n"), 1) if set(line) & set(found))
    codes = tuple(f"U+{ord(character):04X}" for character in found)
    return text, [message("execution.invisible", line=line, characters=codes)]
