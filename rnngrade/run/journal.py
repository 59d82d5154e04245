"""What was done with each submission of a unit: lines that are only ever added."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """One line of JSON per step, on the disk before the next step begins.

    The last line of a student counts: "saving" without a "saved" behind it means that the
    grade was half written when the power went, and is written again.

    Args:
        path: the file; it is made if it is not there.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115 (closed by `close`)
        self._last: dict[str, Entry] = {}
        self._file.seek(0)
        lines = self._file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):  # torn: it was never written
            self._file.truncate(sum(map(len, lines[:-1])))
            del lines[-1]
        for line in lines:
            entry = json.loads(line)
            self._last[entry["student"]] = entry

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def last(self, student: str) -> Entry:
        """The last line about a student, or an empty one."""
        return self._last.get(student, {})

    def write(self, student: str, state: str, **more: Any) -> None:
        """Add a line, and return once it is on the disk."""
        entry = {"student": student, "state": state, **more, "at": now()}
        self._file.write(json.dumps(entry).encode() + b"\n")
        os.fsync(self._file.fileno())
        self._last[student] = entry


def now() -> str:
    """The time in UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
