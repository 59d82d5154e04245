"""Why a name is missing: what became of the cell that was to define it."""

import re
from collections.abc import Iterable
from typing import Any

from rnngrade.messages import Message, from_plain, message

LONGEST_TEXT = 400  # of what a message quotes
# What the student's process may say of a cell, with the kinds of the fields.
TROUBLES = {
    "execution.cell-syntax": {"line": int, "said": str},
    "execution.cell-raised": {"line": int, "what": (str, dict)},
    "execution.cell-late": {"line": int, "seconds": (int, float)},
    "execution.line-refused": {"line": int, "why": dict},
}
PARTS = {  # of these messages
    "execution.exception": {"kind": str, "said": str},
    "execution.no-program": {},
    "execution.no-install": {},
    "execution.no-input": {},
    "execution.no-network": {},
    "execution.no-exit": {},
    "execution.no-colab": {"name": str},
    "execution.no-answers": {"name": str},
}


class Causes:
    """What is known of the names that tests may take, cell after cell."""

    def __init__(self, names: Iterable[str]):
        self._definitions = {name: _definition(name) for name in names}
        self._found = {}

    def note(self, source: str, trouble: Message | None) -> None:
        """A cell of the student's has run, with this trouble or none."""
        for name, definition in self._definitions.items():
            if definition.search(source):
                self._found[name] = trouble

    def of(self, name: str | None) -> Message | None:
        """The sentence that says why a name is missing, if that is known."""
        why = self._found.get(name)
        return why and message("execution.missing-because", name=name, why=why)

    def explained(self, failed: Message, lacking: str | None) -> Message:
        """What a failed test says: the cause before its consequence.

        Args:
            failed: as the examiner says it.
            lacking: the name without which a call failed, or None.
        """
        if failed.id == "execution.missing":
            return self.of(failed["name"]) or failed
        cause = self.of(lacking)
        return message("execution.consequence", cause=cause, then=failed) if cause else failed


def trouble_of(data: Any) -> Message | None:
    """What the student's process says of a cell, if it is what an honest one would say."""
    return _checked(data, TROUBLES)


def shortened(told: Message) -> Message:
    """A message in which no text is long: some of it may be a student's."""
    return Message(told.id, tuple((name, _short(value)) for name, value in told.fields))


def _checked(data, known):
    if not isinstance(data, dict) or data.get("id") not in known:
        return None
    fields = known[data["id"]]
    if data.keys() != {"id", *fields}:
        return None
    for name, kind in fields.items():
        if not isinstance(data[name], kind):
            return None
        if isinstance(data[name], dict) and not _checked(data[name], PARTS):
            return None
    return shortened(from_plain(data))


def _short(value):
    if isinstance(value, Message):
        return shortened(value)
    if isinstance(value, tuple):
        return tuple(map(_short, value))
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]} …"
    return value


def _definition(name):
    # A regular expression, since the cell may be no Python, or made to bring a parser down.
    name = re.escape(name)
    defined = rf"(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b"
    assigned = rf"{name}[ \t]*(?::[^=\n]*)?=(?!=)"
    return re.compile(rf"^[ \t]*(?:{defined}|{assigned})", re.MULTILINE)
